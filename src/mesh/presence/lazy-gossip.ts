import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { StartedGossip, StartGossipInit } from './start-gossip.ts'

/**
 * How long after the first neighbour gossipsub is loaded, in ms. A page that was just opened has its first call to make:
 * 60 of its 450 ms were spent on gossip. Meanwhile the roster of a relay tells who is there.
 */
const LOAD_AFTER_MS = 1_000

/**
 * The announcements of a node by gossip, as a service of libp2p. gossipsub (27 kB gzip) is loaded once there is a
 * neighbour: before, nobody could hear it.
 */
export class LazyGossip {
  readonly #components: GossipSubComponents
  #started: StartedGossip | undefined
  #loading: Promise<void> | undefined
  #isStopped = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(components: GossipSubComponents) {
    this.#components = components
  }

  /** Undefined while it is not loaded. */
  get pubsub(): GossipSub | undefined {
    return this.#started?.pubsub
  }

  /** Loads and starts it, once. After a failure the next call tries again. */
  load(init: StartGossipInit): Promise<void> {
    this.#loading ??= this.#load(init).catch((thrown: unknown) => {
      this.#loading = undefined
      init.log.debug('gossip:', thrown)
    })
    return this.#loading
  }

  /** Loads and starts it a little later, once. */
  loadSoon(init: StartGossipInit): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.load(init)
    }, LOAD_AFTER_MS)
  }

  /** See {@link Discovery.look}. */
  look(): void {
    this.#started?.discovery.look()
  }

  /** See {@link Discovery.soon}. */
  soon(): void {
    this.#started?.discovery.soon()
  }

  /** libp2p stops only what it can start too. */
  start(): void {
    this.#isStopped = false
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    // What is being loaded is not waited for: it may never come. It is not started then.
    await this.#started?.stop()
  }

  async #load(init: StartGossipInit): Promise<void> {
    const { startGossip } = await import('./start-gossip.ts')
    if (this.#isStopped) return
    const started = await startGossip(this.#components, init)
    if (this.#isStopped) await started.stop()
    else this.#started = started
  }
}
