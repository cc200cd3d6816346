import type { Connection } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { GOING_AWAY_MS } from '../limits.ts'

/**
 * A peer that goes away resets its streams just before it ends the connection. Such a reset is no answer to the call.
 */
export async function closesSoon(connection: Connection): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = (): void => resolve()
  const timer = setTimeout(done, GOING_AWAY_MS)
  connection.addEventListener('close', done)
  if (connection.status === 'open') await promise
  clearTimeout(timer)
  connection.removeEventListener('close', done)
  return connection.status !== 'open'
}

/** The error of a peer that gave no answer. One that blocks this peer ends the connection. */
export async function noAnswer(connection: Connection, cause: unknown): Promise<GliaError> {
  const what = (await closesSoon(connection)) ? 'has closed the connection' : 'is connected and did not answer'
  return new GliaError('ERR_UNREACHABLE', `${connection.remotePeer.toString()} ${what}.`, { cause })
}
