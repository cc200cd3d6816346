/** The sender of a waiting item. */
export interface Sender {
  /** A peer id, 'browser', or the PID of a process. */
  readonly peer: string
  /** The client for whom the peer calls, in the peer's own naming; '' if it names none. */
  readonly client: string
}

/** The items among which the heaviest is wanted. */
export interface HeaviestOf<T> {
  /** Left out: the items of all peers. */
  peer?: string | undefined
  /** The item that has just arrived. */
  newcomer?: T | undefined
}

/**
 * Waiting items, by their senders. Peers are served in turns, the clients of a peer in turns, and the items of a client
 * in order of arrival. So neither many clients nor many items give a peer a larger share.
 */
export class FairQueue<T extends Sender> {
  /** In the order in which they are served next. A served peer goes to the end, and so does its client within it. */
  readonly #peers = new Map<string, Map<string, T[]>>()
  #size = 0
  /** Which of several equally heavy ones was picked last. */
  #picks = 0

  get size(): number {
    return this.#size
  }

  /** Number of peers with waiting items. */
  get peers(): number {
    return this.#peers.size
  }

  sizeOf(peer: string): number {
    let size = 0
    for (const queue of this.#peers.get(peer)?.values() ?? []) size += queue.length
    return size
  }

  add(item: T): void {
    const clients = this.#peers.get(item.peer) ?? new Map<string, T[]>()
    const queue = clients.get(item.client) ?? []
    queue.push(item)
    clients.set(item.client, queue)
    this.#peers.set(item.peer, clients)
    this.#size += 1
  }

  /** @returns whether the item was waiting. */
  remove(item: T): boolean {
    const queue = this.#peers.get(item.peer)?.get(item.client)
    const at = queue?.indexOf(item) ?? -1
    if (!queue || at < 0) return false
    queue.splice(at, 1)
    this.#dropEmpty(item)
    return true
  }

  /**
   * Takes out the next item that is the first of its client and is accepted. @param isNewest Looks first at the items
   * that would be last.
   */
  take(accepts: (item: T) => boolean = () => true, isNewest = false): T | undefined {
    const inOrder = <E>(entries: Iterable<E>): Iterable<E> => (isNewest ? [...entries].toReversed() : entries)
    for (const [peer, clients] of inOrder(this.#peers)) {
      for (const [client, queue] of inOrder(clients)) {
        const first = queue[0]
        if (!first || !accepts(first)) continue
        queue.shift()
        this.#size -= 1
        // Both go to the end of the line.
        this.#peers.delete(peer)
        clients.delete(client)
        if (queue.length > 0) clients.set(client, queue)
        if (clients.size > 0) this.#peers.set(peer, clients)
        return first
      }
    }
    return undefined
  }

  /**
   * The newest item of the heaviest client of the heaviest peer: the item to refuse when there is no room. Among equals
   * it is the newcomer's, so that it pushes out nobody who has no more, or else each in turn.
   * @param weightOf 0 for an item that has to stay. Left out: all weigh the same.
   */
  heaviest(weightOf: (item: T) => number = () => 1, { peer, newcomer }: HeaviestOf<T> = {}): T | undefined {
    const ofClient = (queue: readonly T[]): number => sum(queue, weightOf)
    const ofPeer = (clients: ReadonlyMap<string, T[]>): number => sum(clients.values(), ofClient)
    const clients =
      peer === undefined
        ? this.#pick(this.#peers, ofPeer, newcomer && this.#peers.get(newcomer.peer))
        : this.#peers.get(peer)
    const own = newcomer && this.#peers.get(newcomer.peer)?.get(newcomer.client)
    return clients && this.#pick(clients, ofClient, own)?.findLast((item) => weightOf(item) > 0)
  }

  /** All items of the last peer whose items all pass the test; none if there is no such peer. */
  allOfOne(test: (item: T) => boolean): readonly T[] {
    let found: Iterable<readonly T[]> = []
    for (const clients of this.#peers.values()) {
      if ([...clients.values()].every((queue) => queue.every(test))) found = clients.values()
    }
    return [...found].flat()
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const clients of this.#peers.values()) for (const queue of clients.values()) yield* queue
  }

  /** One of the largest. */
  #pick<V>(values: ReadonlyMap<string, V>, of: (value: V) => number, preferred: V | undefined): V | undefined {
    let best: V[] = []
    let most = -Infinity
    for (const value of values.values()) {
      const weight = of(value)
      if (weight < most) continue
      if (weight > most) best = []
      most = weight
      best.push(value)
    }
    if (preferred !== undefined && best.includes(preferred)) return preferred
    if (best.length > 1) this.#picks += 1
    return best[this.#picks % best.length]
  }

  #dropEmpty({ peer, client }: Sender): void {
    this.#size -= 1
    const clients = this.#peers.get(peer)
    if (clients?.get(client)?.length === 0) clients.delete(client)
    if (clients?.size === 0) this.#peers.delete(peer)
  }
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}
