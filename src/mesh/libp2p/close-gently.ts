import type { Connection } from '@libp2p/interface'
import { toGliaError } from '../../glia/errors.ts'

/** Closes a connection, or ends it if it does not close. Waits for nothing. */
export function closeGently(connection: Connection): void {
  void connection.close().catch((thrown: unknown) => connection.abort(toGliaError(thrown)))
}
