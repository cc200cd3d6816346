import { livingPeers } from '../calls/life-lock.ts'

/**
 * How long an answer of the lock manager is used, in ms. Another process of the browser answers, which takes as long as
 * a call.
 */
const BELIEVED_MS = 1_000

/** Which peers other tabs of this browser run. They are reached without a network. */
export class Siblings {
  #peers: Promise<readonly string[]> | undefined
  #askedAt = 0

  /** @param isConnected Whether there is another way to the peer. Then an older “no” will do. */
  async has(peerId: string, isConnected: boolean): Promise<boolean> {
    const believed = performance.now() - this.#askedAt < BELIEVED_MS && this.#peers
    if (believed && isConnected && !(await believed).includes(peerId)) return false
    this.#askedAt = performance.now()
    this.#peers = livingPeers()
    return (await this.#peers).includes(peerId)
  }
}
