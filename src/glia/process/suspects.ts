import { MAX_SUSPECTS, SUSPICION_MS } from '../call-limits.ts'
import type { Sender } from './fair-queue.ts'

/** Callers that were too slow for a process lately: peers, and clients of a gateway. */
export class Suspects {
  /** When each of them was last too slow, on the clock of `performance.now()`. The oldest is the first. */
  readonly #at = new Map<string, number>()

  add(sender: Sender): void {
    const key = keyOf(sender)
    this.#at.delete(key)
    this.#at.set(key, performance.now())
    const [oldest] = this.#at.keys()
    if (this.#at.size > MAX_SUSPECTS && oldest !== undefined) this.#at.delete(oldest)
  }

  has(sender: Sender): boolean {
    if (this.#at.size === 0) return false
    const key = keyOf(sender)
    const at = this.#at.get(key)
    if (at === undefined) return false
    if (performance.now() - at < SUSPICION_MS) return true
    this.#at.delete(key)
    return false
  }
}

function keyOf({ peer, client }: Sender): string {
  return JSON.stringify([peer, client])
}
