import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fromRoot } from './paths.ts'

/** The version of the optional C compiler, or undefined where it is not installed. */
export async function clangVersion(): Promise<string | undefined> {
  try {
    const text = await readFile(fromRoot('node_modules/@yowasp/clang/package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return undefined
  }
}

/**
 * Compiles one C source for WASI preview 1. The compiler is itself WebAssembly, so no toolchain has to be installed. It
 * takes some 500 MB of memory, 8 s for the first file and 1.3 s for each next one (@yowasp/clang 22).
 * @throws {Error} with the compiler's messages
 */
export async function compileC(path: string, { command }: { command: boolean }): Promise<Uint8Array> {
  const { commands, Exit, runLLVM } = await import('@yowasp/clang')
  const source = basename(path)
  const args = ['--target=wasm32-wasip1', '-O2', '-s', '-Wall', '-Werror', source, '-o', 'out.wasm']
  if (!command) args.unshift('-mexec-model=reactor')
  let messages = ''
  const decoder = new TextDecoder()
  const stderr = (bytes: Uint8Array | null): void => {
    if (bytes !== null) messages += decoder.decode(bytes, { stream: true })
  }
  try {
    // Without arguments it only loads itself, silently. The first run of clang would print its progress.
    await runLLVM(undefined, {}, { fetchProgress: () => undefined })
    const files = await commands.clang(args, { [source]: await readFile(path) }, { stderr })
    const module = files?.['out.wasm']
    if (module instanceof Uint8Array) return module
    throw new Error(`clang wrote no module for ${source}`)
  } catch (err) {
    throw err instanceof Exit ? new Error(`${source} does not compile:\n${messages}`, { cause: err }) : err
  }
}
