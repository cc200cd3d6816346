// oxlint-disable-next-line import/default -- Vite makes the export
import actor from '../examples/actor.h?raw'
import type { CompiledScript, ScriptProblem } from '../ui/model.ts'

/** The part of `@yowasp/clang` that is used. */
export interface Clang {
  runLLVM: Command
  commands: { clang: Command }
  Exit: abstract new (...values: never[]) => Error
}

type Command = (
  args: string[] | undefined,
  files: Record<string, string>,
  options: {
    stderr?: (bytes: Uint8Array | null) => void
    fetchProgress?: (event: { totalLength: number; doneLength: number }) => void
  },
) => Promise<Record<string, unknown> | undefined> | Record<string, unknown> | undefined

/** Name of the person's file. */
const FILE = 'playground.c'
const OPTIONS = ['--target=wasm32-wasip1', '-Oz', '-s', '-Wall', '-fno-caret-diagnostics', '-fno-color-diagnostics']
/** More problems than anybody reads. The first one often causes the others. */
const MAX_PROBLEMS = 50

/** Compiles one C file: to a command if it has a `main`, otherwise to a reactor. A file that does not compile has at least one problem. */
export async function compileC({ commands, Exit }: Clang, source: string): Promise<CompiledScript> {
  let said = ''
  const decoder = new TextDecoder()
  const stderr = (bytes: Uint8Array | null): void => {
    if (bytes !== null) said += decoder.decode(bytes, { stream: true })
  }
  const model = /\bmain\s*\(/.test(source) ? [] : ['-mexec-model=reactor']
  let module: unknown
  try {
    const files = await commands.clang(
      [...OPTIONS, ...model, FILE, '-o', 'out.wasm'],
      { [FILE]: source, 'actor.h': actor },
      { stderr },
    )
    module = files?.['out.wasm']
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown
  }
  const problems = problemsIn(said, source)
  if (module instanceof Uint8Array) return { module: new Uint8Array(module), problems }
  if (!problems.some(({ isError }) => isError))
    problems.push({ message: said.trim() || 'The compiler made no module.', isError: true, place: undefined })
  return { module: undefined, problems }
}

/** Reads what clang and the linker have said, line by line. */
export function problemsIn(said: string, source: string): ScriptProblem[] {
  const problems: ScriptProblem[] = []
  for (const line of said.split('\n')) {
    const [, file, row, column, kind = '', message = ''] =
      /^(?:([^\s:]+):(?:(\d+):(\d+):)? )?(?:fatal )?(error|warning): (.*)$/.exec(line) ?? []
    if (kind === '' || problems.length === MAX_PROBLEMS) continue
    const place = file === FILE && row !== undefined ? placeOf(source, Number(row), Number(column)) : undefined
    const words = place || file === undefined || row === undefined ? message : `${message} (in ${file})`
    problems.push({ message: words, isError: kind === 'error', place })
  }
  return problems
}

/** @param column Counted in bytes, from 1. */
function placeOf(source: string, row: number, column: number): { start: number; end: number } {
  const lines = source.split('\n')
  const line = lines[row - 1] ?? ''
  const before = new TextDecoder().decode(new TextEncoder().encode(line).subarray(0, column - 1))
  const above = lines.slice(0, row - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const start = Math.min(above + before.length, source.length)
  const [word = ''] = /^\w+/.exec(line.slice(before.length)) ?? []
  return { start, end: start + word.length }
}
