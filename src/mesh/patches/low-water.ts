import type { Stream } from '@libp2p/interface'
import { channelOf } from './broken-channel.ts'

/** Half of the bytes with which libp2p calls a data channel full (`MAX_BUFFERED_BYTES` in `libp2p/browser.ts`). */
const LOW_BYTES = 32 * 1024

/**
 * Has a data channel say that it takes more while it still has bytes to send. libp2p waits until it has none, so the
 * line rests between two batches; and the browser runs a task for each small message, to tell that it was sent.
 *
 * Seen in @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export function raiseLowWater(stream: Stream): void {
  const channel = channelOf(stream)
  if (channel) channel.bufferedAmountLowThreshold = LOW_BYTES
}
