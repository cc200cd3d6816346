import type { Connection } from '@libp2p/interface'

/** What is used of a connection besides its interface. */
type Wired = Connection & { maConn?: EventTarget }

/**
 * Calls back for all bytes that come over a connection, whichever stream they are for. Each is a sign that the other side is there. libp2p
 * tells of streams and of pings only.
 *
 * Seen in libp2p 3.3.11. Upstream: not reported, see README.md.
 *
 * @returns Ends it; idempotent
 */
export function onBytes(connection: Connection, heard: () => void): () => void {
  const { maConn } = connection as Wired
  maConn?.addEventListener('message', heard)
  return () => maConn?.removeEventListener('message', heard)
}
