import type { Connection } from '@libp2p/interface'
import { NEAR_MS, NEAR_PROTOCOL } from '../limits.ts'
import { askText } from '../dialects/text-answer.ts'

/** The answer that a peer and a host are near. See `near-relay.ts`. */
export const YES = 'yes'
const QUESTION = { protocol: NEAR_PROTOCOL, maxLength: YES.length, tooLong: () => new Error('the answer is too long') }

/**
 * Asks a relay whether a peer and a host are in the network that this peer and the relay share. False if the relay does
 * not know.
 */
export async function askNear(relay: Connection, peer: string, host: string): Promise<boolean> {
  try {
    const question = { ...QUESTION, question: JSON.stringify({ peer, host }) }
    return (await askText(relay, question, AbortSignal.timeout(NEAR_MS))) === YES
  } catch {
    return false
  }
}
