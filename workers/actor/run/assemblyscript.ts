/** Longest text that is read, in bytes. A guest may claim that its message is all of its memory. */
const MAX_TEXT_BYTES = 16 * 1024

/**
 * The three functions that AssemblyScript's compiler imports from `env` by default. With them a module works that was
 * built with the defaults.
 * @see https://www.assemblyscript.org/concepts.html#special-imports
 */
export function assemblyScriptImports(
  memory: () => ArrayBuffer,
  writeError: (text: string) => void,
): Record<string, (...values: never[]) => unknown> {
  const text = (pointer: number): string => (pointer === 0 ? '' : readString(memory(), pointer))
  return {
    abort: (message: number, file: number, line: number, column: number) => {
      const where = file === 0 ? '' : ` at ${text(file)}:${line}:${column}`
      throw new WebAssembly.RuntimeError(`abort: ${text(message) || 'no message'}${where}`)
    },
    trace: (message: number, count: number, ...values: number[]) => {
      writeError(`${[text(message), ...values.slice(0, count)].join(' ')}\n`)
    },
    seed: () => Date.now() * Math.random(),
  }
}

/** The start of a managed string: UTF-16 at the pointer, with its length in bytes in the word before. */
function readString(memory: ArrayBuffer, pointer: number): string {
  const [bytes = 0] = new Uint32Array(memory, pointer - 4, 1)
  return new TextDecoder('utf-16le').decode(new Uint8Array(memory, pointer, Math.min(bytes, MAX_TEXT_BYTES)))
}
