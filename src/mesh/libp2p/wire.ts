import type { Connection } from '@libp2p/interface'

/** What is used of the connections of libp2p 3.3 besides their interface. */
type Wired = Connection & { maConn?: EventTarget }

/**
 * Calls back for all bytes that come over a connection, whichever stream they are for. Each is a sign that the other side is there.
 *
 * @returns Ends it; idempotent
 */
export function onBytes(connection: Connection, heard: () => void): () => void {
  const { maConn } = connection as Wired
  maConn?.addEventListener('message', heard)
  return () => maConn?.removeEventListener('message', heard)
}
