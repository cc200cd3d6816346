import { Semaphore } from '../../glia/wait/semaphore.ts'

/**
 * Has reservations asked for one after the other. As soon as it has made one, the store of the circuit relay transport clears the queue in
 * which the next ones wait, and whoever asked for those gets an AbortError, or no answer.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: not reported, see README.md.
 */
export function reservationQueue(): (ask: () => Promise<void>) => Promise<void> {
  const running = new Semaphore(1)
  return (ask) => running.run(ask)
}
