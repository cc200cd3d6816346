import { fileURLToPath } from 'node:url'
import { compileC } from '../../src/build/clang.ts'

/** The test guests in C, by their source in `c/`, which says what each method does. */
export type CGuestName = 'calls' | 'files' | 'keeper'

const compiled = new Map<CGuestName, Promise<Uint8Array>>()

/**
 * The module of a test guest in C, compiled when it is first asked for.
 * @throws {Error} with the compiler's messages, or if the optional compiler is not installed
 */
export function cGuest(name: CGuestName): Promise<Uint8Array> {
  let module = compiled.get(name)
  if (module === undefined) {
    module = compileC(fileURLToPath(new URL(`c/${name}.c`, import.meta.url)), { command: false })
    compiled.set(name, module)
  }
  return module
}
