import type { Stream } from '@libp2p/interface'
import { concat } from '../../glia/stream/concat.ts'
import { channelOf } from './broken-channel.ts'

/**
 * Makes a stream over WebRTC send the length and the body of a message in one message of its data channel. libp2p sends
 * two, and each costs both pages about 90 µs of CPU (Chromium 156). Other peers read lengths and bodies out of a stream
 * of bytes, so they do not see the difference.
 *
 * Seen in @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export function sendWholeMessages(stream: Stream): void {
  if (!channelOf(stream)) return
  const sender = stream as unknown as Sender
  const send = sender._sendMessage.bind(stream)
  sender._sendMessage = (pieces) => send([concat([...pieces])])
}

/** The method of libp2p's stream that sends each piece as a message. */
interface Sender {
  _sendMessage(pieces: Iterable<Uint8Array>): void
}
