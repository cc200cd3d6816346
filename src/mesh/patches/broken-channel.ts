import type { Stream } from '@libp2p/interface'

/**
 * Whether the end of a stream over WebRTC, of which libp2p tells as of one that the other side made, is that of a data channel that broke.
 * Only the channel's state differs. Without this a reply could be cut short and look whole.
 *
 * Seen in @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export function isBroken(stream: Stream): boolean {
  const channel = channelOf(stream)
  return channel !== undefined && channel.readyState !== 'open'
}

/** The data channel of a stream over WebRTC. */
export function channelOf(stream: Stream): RTCDataChannel | undefined {
  return (stream as { channel?: RTCDataChannel }).channel
}
