import { Backoff } from '../../glia/wait/backoff.ts'
import { pause } from '../dial/pause.ts'
import { PROVIDE_RETRY_MS, PROVIDERS_MS } from '../limits.ts'

export interface ProvidedModulesInit {
  /** Tells the directory that this peer has a module. */
  provide(cid: string, signal: AbortSignal): Promise<void>
  /** Whether this peer has an address under which others reach it. Without one the directory takes nothing. */
  isReachable(): boolean
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/** Tells the directory of the mesh which modules this peer shares. It tries until the directory was told. */
export class ProvidedModules {
  readonly #init: ProvidedModulesInit
  readonly #told = new Set<string>()

  constructor(init: ProvidedModulesInit) {
    this.#init = init
  }

  /** Never rejects. Telling of the same module again does nothing. libp2p renews what was told. */
  async tell(cid: string): Promise<void> {
    if (this.#told.has(cid)) return
    this.#told.add(cid)
    const { provide, isReachable, alive } = this.#init
    const backoff = new Backoff(PROVIDE_RETRY_MS)
    while (!alive.aborted) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next attempt is for when this one fails
        if (isReachable()) return await provide(cid, AbortSignal.any([alive, AbortSignal.timeout(PROVIDERS_MS)]))
      } catch {
        // No relay of the directory answers now. The peers of a link are asked first, so nobody waits for this.
      }
      // oxlint-disable-next-line no-await-in-loop
      await pause(backoff.next())
    }
  }
}
