import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { Pace } from '../../glia/wait/pace.ts'
import { scopeOfHost } from '../dial/address-scope.ts'
import { ignoreTcpCandidates } from '../dial/ice-candidates.ts'
import { closingSockets } from '../patches/closing-sockets.ts'
import { mendInitRace } from '../patches/init-race.ts'
import type { Platform } from '../node.ts'
import { browserNoise } from './noise-keys.ts'

/**
 * Bytes in the queue of a data channel before the sender waits. It is short, so that small calls do not wait behind
 * bulk: the p50 of a small call was 8.4 ms beside one bulk call and 17.9 ms beside four, at 17 MB/s; with libp2p's
 * default 13.3 and 58 ms (Chromium 156).
 */
const MAX_BUFFERED_BYTES = 64 * 1024

export interface BrowserPlatformInit {
  /** STUN and TURN servers, asked for at each dial. None is right where all peers share a network. */
  iceServers(): readonly RTCIceServer[]
}

/**
 * The transports of a page: WebSockets to relays, circuits through them, and WebRTC if the browser has it, also to
 * native peers.
 */
export function browserPlatform({ iceServers }: BrowserPlatformInit): Platform {
  const hasWebRtc = 'RTCPeerConnection' in globalThis
  if (hasWebRtc) {
    mendInitRace(RTCPeerConnection)
    ignoreTcpCandidates(RTCPeerConnection)
  }
  const dataChannel = { maxBufferedAmount: MAX_BUFFERED_BYTES }
  const rtc = webRTC({ rtcConfiguration: () => ({ iceServers: [...iceServers()] }), dataChannel })
  // The address says where the native peer is, so no server is asked.
  const direct = webRTCDirect({ rtcConfiguration: { iceServers: [] }, dataChannel })
  return {
    transports: [closingSockets(webSockets()), circuitRelayTransport(), ...(hasWebRtc ? [rtc, direct] : [])],
    // The circuit addresses come with the reservations.
    listen: hasWebRtc ? ['/webrtc'] : [],
    reserves: true,
    noise: browserNoise,
    // The thread is also that of the views. Nobody looks at those of a hidden page.
    pace: new Pace(() => document.hidden),
    // A page does not know its own address. It counts as being where its origin is.
    networkHere: (host) => (scopeOfHost(host) === scopeOfHost(location.hostname) ? location.hostname : undefined),
    hidden: () => document.hidden,
  }
}
