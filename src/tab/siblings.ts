import { livingPeers } from '../calls/life-lock.ts'

/** How long an answer of the lock manager is believed, in ms. It is asked in another process, as long as a call takes. */
const BELIEVED_MS = 1_000

/** Which peers other tabs of this browser run: no network is needed to reach those. */
export class Siblings {
  #peers: Promise<readonly string[]> | undefined
  #askedAt = 0

  /** @param isConnected There is another way to the peer, so that a “no” which is a little old will do. */
  async has(peerId: string, isConnected: boolean): Promise<boolean> {
    const believed = performance.now() - this.#askedAt < BELIEVED_MS && this.#peers
    if (believed && isConnected && !(await believed).includes(peerId)) return false
    this.#askedAt = performance.now()
    this.#peers = livingPeers()
    return (await this.#peers).includes(peerId)
  }
}
