import { isOfThisBrowser, strangersOf } from './callers.ts'
import type { Sender } from './fair-queue.ts'
import type { Stream } from '../stream/stream.ts'

/**
 * The sender whose share of the turns a message uses. A process of this peer that calls for others uses the share of
 * the last of them, which is known by its own connection. What that peer says about the peers before it may be made up.
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
