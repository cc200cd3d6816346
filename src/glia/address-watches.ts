import { formatPlace, type Place } from './address.ts'
import { GliaError } from './errors.ts'
import { keyIn } from './instance-key.ts'
import { isLast, type ProcessEnd, startOfWatch, toldEnd, type Watched } from './process/told-end.ts'
import type { WatchRemote } from './process/remote-watch.ts'
import type { RemoteWatches } from './process/remote-watches.ts'
import type { Pid } from './pid.ts'
import type { Router } from './router.ts'

/** An end of a process that a script watches. */
export interface WatchedEnd extends ProcessEnd {
  /** `/ww/0.1.0/{peer}/{pid}` */
  readonly address: string
  readonly pid: Pid
}

export interface AddressWatchesInit {
  router: Router
  table: {
    /** A process of this peer, or one that was killed not long ago. */
    watched(pid: string): Watched | undefined
    /** The watches of processes. Left out: they have none. */
    links?: {
      watch(watcher: string, watched: string, method: string): string
      remote(): Promise<RemoteWatches>
    }
  }
  /** Watches processes of other peers. Rejects if there is no mesh. */
  node: Promise<{ watch: WatchRemote }>
}

/** The watches of scripts: of any process whose address they have, on this peer or another. */
export class AddressWatches {
  readonly #init: AddressWatchesInit
  readonly #stops = new Map<string, () => void>()

  constructor(init: AddressWatchesInit) {
    this.#init = init
  }

  /**
   * Calls a function once for each end of a process: `watch(address, told)`. Or sends each end as a message to a method
   * of a process: `watch(pid, address, method)`.
   * @returns the id for {@link unwatch}, when the watch stands.
   * @throws {GliaError} ERR_BAD_ADDRESS; ERR_NO_PROC, ERR_NO_METHOD; ERR_DENIED if the peer does not let this one watch;
   * ERR_MAILBOX_FULL; ERR_BAD_REQUEST if the peer does not speak the protocol of watches.
   */
  async watch(first: string, second: string | ((end: WatchedEnd) => void), method?: string): Promise<string> {
    if (typeof second === 'function') return this.#listen(await this.#place(first), second)
    const { router, table } = this.#init
    if (typeof second !== 'string' || method === undefined || !table.links) {
      throw new GliaError('ERR_BAD_REQUEST', 'watch: give a function that is called for each end.')
    }
    const place = await this.#place(second)
    if (place.host === router.aliases.self) return table.links.watch(first, place.proc, method)
    return (await table.links.remote()).watch(first, place, method)
  }

  /** Ends a watch. @returns false if there is none, such as after its last end. */
  unwatch(id: string): boolean {
    this.#stops.get(id)?.()
    return this.#stops.delete(id)
  }

  async #place(address: string): Promise<Place> {
    const place = await this.#init.router.resolvePlace(address, { signal: new AbortController().signal })
    if (keyIn(place.proc) === undefined) return place
    throw new GliaError('ERR_BAD_REQUEST', 'watch: give the address of the process, without a key.')
  }

  async #listen({ host, proc: pid }: Place, listener: (end: WatchedEnd) => void): Promise<string> {
    const id = crypto.randomUUID()
    const address = formatPlace({ host, proc: pid })
    const tell = (end: ProcessEnd): void => {
      if (isLast(end)) this.#stops.delete(id)
      // An error of the listener belongs to its script, and must not reach the code that tells the ends.
      queueMicrotask(() => listener({ ...end, address, pid }))
    }
    if (host === this.#init.router.aliases.self) {
      const stop = this.#listenHere(pid, tell)
      if (stop) this.#stops.set(id, stop)
      return id
    }
    const node = await this.#init.node
    const { settled, stop } = node.watch(host, { pid, tell })
    this.#stops.set(id, stop)
    try {
      await settled
    } catch (thrown) {
      this.#stops.delete(id)
      throw thrown
    }
    return id
  }

  /** @returns a function that ends the watch; undefined if it is over already. */
  #listenHere(pid: Pid, tell: (end: ProcessEnd) => void): (() => void) | undefined {
    const watched = this.#init.table.watched(pid)
    const { ends } = startOfWatch(watched, undefined)
    for (const end of ends) tell(end)
    return watched && !ends.some(isLast) ? watched.ends.listen((exit) => tell(toldEnd(exit))) : undefined
  }
}
