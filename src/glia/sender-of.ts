import { isOfThisBrowser, strangersOf } from './callers.ts'
import type { Sender } from './fair-queue.ts'
import type { Stream } from './stream.ts'

/**
 * Who sends a message, for the share that it gets. A process that calls for others gets the share of the last of them: the
 * peer that this one knows by its own connection. What that one says of those before it may be made up.
 */
export function senderOf(stream: Stream): Sender & { isOwner: boolean } {
  const { caller, context } = stream
  const stranger = strangersOf(stream).at(-1)
  return {
    isOwner: stranger === undefined,
    peer: isOfThisBrowser(caller) ? (stranger ?? caller) : caller,
    client: context.client ?? '',
  }
}
