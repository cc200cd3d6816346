import { toGliaError } from '../../glia/errors.ts'
import { inspectCore, type InspectedModule } from './inspect-core.ts'

export type { InspectedModule, ModuleAsks } from './inspect-core.ts'

/**
 * Compiles a module with a cap on its memory and finds its methods, or says in one sentence why it cannot be an actor.
 * @param maxMemoryBytes Largest memory, at the start and later.
 * @param allowStart Whether the module may have what it asks for at its start, if that is more.
 * @throws {GliaError} ERR_BAD_MODULE
 */
export async function inspectModule(
  bytes: Uint8Array<ArrayBuffer>,
  maxMemoryBytes: number,
  allowStart = false,
): Promise<InspectedModule> {
  try {
    return await inspectCore(bytes, maxMemoryBytes, allowStart)
  } catch (thrown) {
    throw await explained(toGliaError(thrown), bytes)
  }
}

/** A refusal with everything that is known about the module. The code for that is loaded when it is needed. */
export async function explained(refusal: Error, bytes: Uint8Array): Promise<Error> {
  const { explain } = await import('./refusal-words.ts')
  return explain(refusal, bytes)
}
