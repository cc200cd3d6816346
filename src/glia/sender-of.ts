import { isOfThisBrowser, strangersOf } from './callers.ts'
import type { Sender } from './fair-queue.ts'
import type { Stream } from './stream.ts'

/** Who sends a message, for the share that it gets. A process that calls for another peer gets that one's. */
export function senderOf(stream: Stream): Sender & { isOwner: boolean } {
  const { caller, context } = stream
  const [stranger] = strangersOf(stream)
  return {
    isOwner: stranger === undefined,
    peer: isOfThisBrowser(caller) ? (stranger ?? caller) : caller,
    client: context.client ?? '',
  }
}
