import { COMMAND } from '../../glia/process/actor.ts'

/**
 * What to say of a method that ended well and replied nothing. A reactor's library keeps what it printed until the next flush,
 * and nobody outside can tell that from nothing. A command flushes when it exits.
 */
export function emptyNote(isRoot: boolean, method: string): string | undefined {
  if (isRoot || method === COMMAND) return undefined
  return 'The reply is empty. If the method printed something, it has to flush it: fflush(stdout) in C.'
}
