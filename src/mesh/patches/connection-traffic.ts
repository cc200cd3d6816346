import type { Connection } from '@libp2p/interface'

/** Bytes of a connection in both directions. */
export interface Traffic {
  received: number
  sent: number
}

/** What is used of a connection besides its interface. */
type Wired = Connection & { maConn?: Wire }

interface Wire extends EventTarget {
  /** Of a connection over WebRTC, whose bytes do not pass `send`. */
  peerConnection?: { getStats(): Promise<StatsReport> }
  send?(data: { byteLength: number }): boolean
}

/** The type of the browser, of which Node's types have nothing. */
interface StatsReport {
  values(): Iterable<{ type: string; bytesReceived?: number; bytesSent?: number }>
}

const counted = new WeakMap<Connection, Traffic>()

/**
 * The bytes of a connection: since it was made over WebRTC, whose browser counts them; otherwise since the first call of
 * this function, so that nobody pays for counting who does not look. libp2p counts for its metrics only, from the start
 * and on all connections.
 *
 * Seen in libp2p 3.3.11, @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export async function trafficOf(connection: Connection): Promise<Traffic> {
  const { maConn } = connection as Wired
  if (maConn?.peerConnection) return rtcTraffic(await maConn.peerConnection.getStats())
  const known = counted.get(connection)
  if (known) return { ...known }
  const traffic = { received: 0, sent: 0 }
  counted.set(connection, traffic)
  if (maConn) count(maConn, traffic)
  return { ...traffic }
}

function count(wire: Wire, traffic: Traffic): void {
  wire.addEventListener('message', (event) => {
    if ('data' in event) traffic.received += (event.data as { byteLength: number }).byteLength
  })
  const { send } = wire
  if (!send) return
  wire.send = (data) => {
    traffic.sent += data.byteLength
    return send.call(wire, data)
  }
}

/** Over all pairs of candidates: after a change of network another pair carries the bytes. */
function rtcTraffic(stats: StatsReport): Traffic {
  const traffic = { received: 0, sent: 0 }
  for (const each of stats.values()) {
    if (each.type !== 'candidate-pair') continue
    traffic.received += each.bytesReceived ?? 0
    traffic.sent += each.bytesSent ?? 0
  }
  return traffic
}
