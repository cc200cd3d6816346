import asc from 'assemblyscript/asc'
/* oxlint-disable import/default -- Vite makes the exports */
import actor from '../examples/actor.ts?raw'
import io from '../examples/io.ts?raw'
import wasi from '../examples/wasi_snapshot_preview1.ts?raw'
/* oxlint-enable import/default */
import type { CompiledScript, ScriptProblem } from '../ui/model.ts'

/** The files that a person's file can import. */
const LIBRARY: Readonly<Record<string, string>> = { 'actor.ts': actor, 'io.ts': io, 'wasi_snapshot_preview1.ts': wasi }

/** Name of the person's file. */
const FILE = 'playground.ts'

const OPTIONS = [
  '-Osize',
  // Short programs use text and arrays as if memory were without end.
  '--runtime',
  'incremental',
  // Makes a reactor, as in src/build/assemblyscript.ts.
  '--exportStart',
  '_initialize',
]

/** As the compiler numbers what it reports. */
const ERROR = 3

/** More problems than anybody reads. The first one often causes the others. */
const MAX_PROBLEMS = 50

/** Compiles one AssemblyScript file to a reactor. A file that does not compile has at least one problem, and no module. */
export async function compileScript(source: string): Promise<CompiledScript> {
  let module: Uint8Array<ArrayBuffer> | undefined
  const problems: ScriptProblem[] = []
  const { error } = await asc.main([FILE, '--outFile', 'out.wasm', ...OPTIONS], {
    stdout: { write: () => undefined },
    stderr: { write: () => undefined },
    readFile: (name) => (name === FILE ? source : (LIBRARY[name] ?? null)),
    listFiles: () => [],
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') module = contents.slice()
    },
    reportDiagnostic: ({ message, category, range }) => {
      if (problems.length === MAX_PROBLEMS) return
      // The type lacks the name of the file.
      const { normalizedPath: file = '' } = (range?.source ?? {}) as { normalizedPath?: string }
      const place = range && file === FILE ? { start: range.start, end: range.end } : undefined
      problems.push({
        message: place || file === '' ? message : `${message} (in ${file})`,
        isError: category === ERROR,
        place,
      })
    },
  })
  if (error === null && module !== undefined) return { module, problems }
  if (!problems.some(({ isError }) => isError)) {
    problems.push({ message: error?.message ?? 'The compiler made no module.', isError: true, place: undefined })
  }
  return { module: undefined, problems }
}
