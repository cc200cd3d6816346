import { GliaError } from '../../glia/errors.ts'

/**
 * The words of engines without room for another memory or table: V8 "Cannot allocate Wasm memory for new instance",
 * WebKit "Out of memory", Firefox "out of memory", which is a plain text.
 */
const NO_ROOM = /out of memory|(cannot|could not|failed to) allocate/i

/**
 * Whether an instance could not be made because the engine has no room for it. The guest is not at fault, and there
 * may be room when other processes have ended.
 * @param thrown The error of instantiating.
 */
export function isHostLimit(thrown: unknown): boolean {
  if (thrown instanceof GliaError) return thrown.code === 'ERR_LIVE_LIMIT'
  // The guest's own code throws this while it starts.
  if (thrown instanceof WebAssembly.RuntimeError) return false
  return NO_ROOM.test(thrown instanceof Error ? thrown.message : String(thrown))
}

export function noRoom(cause?: unknown): GliaError {
  return new GliaError(
    'ERR_LIVE_LIMIT',
    'There is no room here for the memory of another program. Call again when others have ended, or kill a process.',
    { cause },
  )
}
