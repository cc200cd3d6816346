/** How two peers are connected. */
export type Transport = 'WebRTC' | 'relay' | 'WebSocket' | 'WebTransport' | 'TCP' | 'unknown'

/** The transport of a connection, by its multiaddr. */
export function transportOf(address: string | undefined): Transport {
  const names = new Set(address?.split('/'))
  // The address of a WebRTC connection names the relay that introduced the two peers.
  if (names.has('webrtc') || names.has('webrtc-direct')) return 'WebRTC'
  if (names.has('p2p-circuit')) return 'relay'
  if (names.has('webtransport')) return 'WebTransport'
  if (names.has('ws') || names.has('wss')) return 'WebSocket'
  return names.has('tcp') ? 'TCP' : 'unknown'
}

/** Peer id of the relay that passes a connection on; undefined for other connections. */
export function relayIn(address: string | undefined): string | undefined {
  if (transportOf(address) !== 'relay') return undefined
  return /\/p2p\/([^/]+)\/p2p-circuit/.exec(address ?? '')?.[1]
}
