import { holdForLife } from '../calls/life-lock.ts'

/** How long an answer of the lock manager is believed, in ms. It is asked in another process, as long as a call takes. */
const BELIEVED_MS = 1_000
const PREFIX = 'glia:alive:peer:'

/** Says to the other tabs of this browser that this one runs the peer, for as long as it lives. */
export function announceToSiblings(peerId: string): void {
  void holdForLife(`${PREFIX}${peerId}`)
}

/** Peer ids of the tabs of this browser, this one's included. */
export async function siblings(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query()
  return held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []))
}

/** Which peers other tabs of this browser run: no network is needed to reach those. */
export class Siblings {
  #peers: Promise<readonly string[]> | undefined
  #askedAt = 0

  /** @param isConnected There is another way to the peer, so that a “no” which is a little old will do. */
  async has(peerId: string, isConnected: boolean): Promise<boolean> {
    const believed = performance.now() - this.#askedAt < BELIEVED_MS && this.#peers
    if (believed && isConnected && !(await believed).includes(peerId)) return false
    this.#askedAt = performance.now()
    this.#peers = siblings()
    return (await this.#peers).includes(peerId)
  }
}
