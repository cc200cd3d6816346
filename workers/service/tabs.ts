import type { CallMessage, LifeLock, ToService, ToTab } from '../../src/calls/protocol.ts'
import { type DeathWatch, livingPeers } from '../../src/calls/life-lock.ts'

declare const self: ServiceWorkerGlobalScope

/** Time that tabs have to answer a service worker that was just started, in ms. */
const DISCOVER_MS = 1500
/** The same for tabs that hold the lock of their peer: they are there, and busy. */
const BUSY_TAB_MS = 8000

export interface Tab {
  client: Client
  peer: string
  slot: number
  lock: LifeLock
}

/** The tabs of this browser that run a peer, as they said themselves. A new service worker has to ask again. */
export class Tabs {
  readonly #deaths: DeathWatch
  readonly #byClient = new Map<string, Tab>()
  #discovering: Promise<void> | undefined
  /**
   * Windows that did not answer, such as API replies that are shown and pages of other apps. They are not asked again.
   */
  readonly #silent = new Set<string>()
  /** Called with each tab that says hello. */
  readonly #newcomers = new Set<(tab: Tab) => void>()

  constructor(deaths: DeathWatch) {
    this.#deaths = deaths
  }

  hello(client: Client, { peer, slot, lock }: ToService & { type: 'glia:hello' }): void {
    const tab = { client, peer, slot, lock }
    const known = this.#byClient.get(client.id)
    this.#byClient.set(client.id, tab)
    if (known?.lock !== lock) this.#deaths.onDeath(lock, () => this.#forget(client.id, lock))
    tell(tab, { type: 'glia:welcome', clientId: client.id })
    for (const newcomer of this.#newcomers) newcomer(tab)
  }

  /** The tab that runs a peer. */
  async ofPeer(peer: string): Promise<Tab | undefined> {
    return this.#find((tab) => tab.peer === peer)
  }

  /**
   * What `self` means for a client: its own tab, or the first one if the client runs no peer (a worker, a typed
   * address).
   */
  async ofClient(clientId: string): Promise<Tab | undefined> {
    return (await this.#find(({ client }) => client.id === clientId)) ?? this.#first()
  }

  /** Asks only if no known tab fits. Most calls ask nobody. */
  async #find(fits: (tab: Tab) => boolean): Promise<Tab | undefined> {
    const known = [...this.#byClient.values()].find(fits)
    if (known) return known
    this.#discovering ??= this.#discover().finally(() => (this.#discovering = undefined))
    await this.#discovering
    return [...this.#byClient.values()].find(fits)
  }

  #first(): Tab | undefined {
    return [...this.#byClient.values()].sort((a, b) => a.slot - b.slot)[0]
  }

  /** Asks every unknown window who it is. Windows that run no peer say nothing, so the wait has an end. */
  async #discover(): Promise<void> {
    const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const unknown = windows.filter(({ id, frameType }) => !this.#isKnown(id) && frameType !== 'nested')
    const asked = new Set(unknown.map(({ id }) => id))
    if (asked.size === 0) return
    await new Promise<void>((done) => {
      const silent = this.#silent
      const giveUp = (): void => {
        for (const id of asked) silent.add(id)
        finish()
      }
      const later = async (): Promise<void> => {
        if (!(await this.#isSomePeerUnknown())) giveUp()
        else if (asked.size > 0) timer = setTimeout(finish, BUSY_TAB_MS - DISCOVER_MS)
      }
      let timer = setTimeout(() => void later(), DISCOVER_MS)
      const newcomer = ({ client }: Tab): void => {
        asked.delete(client.id)
        if (asked.size === 0) finish()
      }
      const newcomers = this.#newcomers
      newcomers.add(newcomer)
      for (const client of unknown) client.postMessage({ type: 'glia:who' } satisfies ToTab)

      function finish(): void {
        clearTimeout(timer)
        newcomers.delete(newcomer)
        done()
      }
    })
  }

  async #isSomePeerUnknown(): Promise<boolean> {
    const peers = new Set([...this.#byClient.values()].map(({ peer }) => peer))
    return (await livingPeers()).some((peer) => !peers.has(peer))
  }

  #isKnown(id: string): boolean {
    return this.#byClient.has(id) || this.#silent.has(id)
  }

  /** A tab says hello several times under one lock. */
  #forget(id: string, lock: LifeLock): void {
    if (this.#byClient.get(id)?.lock === lock) this.#byClient.delete(id)
  }
}

function tell({ client }: Tab, message: ToTab): void {
  client.postMessage(message)
}

/** Gives a call to a tab, with the port for the answer. */
export function passCall({ client }: Tab, call: CallMessage, port: MessagePort): void {
  client.postMessage(call, [port, ...(call.first ? [call.first.buffer] : [])])
}
