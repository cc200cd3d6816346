import { COMMAND } from '../../glia/process/actor.ts'

/**
 * What to say of a method that ended well and replied nothing. The library of a reactor may keep its output until the
 * next flush, and from outside that looks like no output. A command flushes when it exits.
 */
export function emptyNote(isRoot: boolean, method: string): string | undefined {
  if (isRoot || method === COMMAND) return undefined
  return 'The reply is empty. If the method printed something, it has to flush it: fflush(stdout) in C.'
}
