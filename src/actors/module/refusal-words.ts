import { GliaError } from '../../glia/errors.ts'
import { BinaryReader } from './binary-reader.ts'
import { fileKind } from './file-kind.ts'
import { readSections } from './module-sections.ts'
import { signatures } from './signatures.ts'
import { NO_METHODS, NOT_A_MODULE, ONLY_WASI } from './refusals.ts'
import { wayOut } from './toolchain.ts'

/** The refusal of a module with everything else that is known. @param bytes The module, or its start. */
export function explain(refusal: Error, bytes: Uint8Array): Error {
  const { message } = refusal
  const more = wordsFor(message, bytes)
  return more === undefined ? refusal : new GliaError('ERR_BAD_MODULE', more, { cause: refusal.cause })
}

function wordsFor(message: string, bytes: Uint8Array): string | undefined {
  if (message === NOT_A_MODULE) {
    const kind = fileKind(bytes)
    return kind && `This is not a WebAssembly module: it is ${kind}.`
  }
  if (!message.includes(ONLY_WASI) && message !== NO_METHODS) return undefined
  try {
    const whole = wholeSections(bytes)
    const { imports } = readSections(whole)
    if (message.includes(ONLY_WASI)) return message.replace(ONLY_WASI, wayOut(imports))
    const found = signatures(whole, imports.filter(({ kind }) => kind === 'function').length)
    return found.length > 0 ? `${message} It exports ${found.join(', ')}.` : undefined
  } catch {
    // A damaged module. The refusal stays as it is.
    return undefined
  }
}

/** The module up to its last whole section: of a large module only the start is here. */
function wholeSections(bytes: Uint8Array): Uint8Array {
  const reader = new BinaryReader(bytes, 8)
  let end = reader.position
  try {
    while (!reader.done) {
      reader.byte()
      reader.section(reader.unsigned())
      end = reader.position
    }
  } catch {
    // It ends within this section.
  }
  return bytes.subarray(0, end)
}
