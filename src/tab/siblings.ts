import { holdForLife } from '../calls/life-lock.ts'

/** How long an answer of the lock manager is believed, in ms. It is asked in another process, as long as a call takes. */
const BELIEVED_MS = 1_000

/** Says to the other tabs of this browser that this one runs the peer, for as long as it lives. */
export function announceToSiblings(peerId: string): void {
  void holdForLife(nameOf(peerId))
}

/** Which peers other tabs of this browser run: no network is needed to reach those. */
export class Siblings {
  #names: Promise<ReadonlySet<string>> | undefined
  #askedAt = 0

  /** @param isConnected There is another way to the peer, so that a “no” which is a little old will do. */
  async has(peerId: string, isConnected: boolean): Promise<boolean> {
    const believed = performance.now() - this.#askedAt < BELIEVED_MS && this.#names
    if (believed && isConnected && !(await believed).has(nameOf(peerId))) return false
    this.#askedAt = performance.now()
    this.#names = heldNames()
    return (await this.#names).has(nameOf(peerId))
  }
}

async function heldNames(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query()
  return new Set(held.flatMap(({ name }) => name ?? []))
}

function nameOf(peerId: string): `glia:alive:${string}` {
  return `glia:alive:peer:${peerId}`
}
