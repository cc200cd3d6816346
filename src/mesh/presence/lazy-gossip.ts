import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { StartedGossip, StartGossipInit } from './start-gossip.ts'

/**
 * The announcements of a node by gossip, as a service of libp2p. gossipsub (27 kB gzip) is loaded once there is a
 * neighbour: before, nobody could hear it.
 */
export class LazyGossip {
  readonly #components: GossipSubComponents
  #started: StartedGossip | undefined
  #loading: Promise<void> | undefined
  #isStopped = false

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
