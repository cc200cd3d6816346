import type { Connection } from '@libp2p/interface'

/** The parts of a connection of libp2p 3.3 that are used beside its interface. */
type Wired = Connection & { maConn?: EventTarget }

/**
 * Calls back for all bytes that come over a connection, of any stream. They are a sign that the other side is there.
 * @returns a function that ends it; idempotent
 */
export function onBytes(connection: Connection, heard: () => void): () => void {
  const { maConn } = connection as Wired
  maConn?.addEventListener('message', heard)
  return () => maConn?.removeEventListener('message', heard)
}
