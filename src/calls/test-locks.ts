// For tests: Web Locks in memory, for Node 20, which has none. https://w3c.github.io/web-locks/

interface Request {
  readonly name: string
  readonly mode: LockMode
  grant(): void
}

type Callback<T> = (lock: Lock | null) => T | PromiseLike<T>

/** The locks of one origin. Requests of a name are granted in order. Shared locks are held together. */
export class TestLocks implements LockManager {
  readonly #held = new Set<Request>()
  #pending: Request[] = []

  request<T>(name: string, callback: Callback<T>): Promise<Awaited<T>>
  request<T>(name: string, options: LockOptions, callback: Callback<T>): Promise<Awaited<T>>
  async request<T>(name: string, ...given: [Callback<T>] | [LockOptions, Callback<T>]): Promise<Awaited<T>> {
    const [options, callback] = given.length === 1 ? [{}, given[0]] : given
    const { mode = 'exclusive', ifAvailable = false, signal } = options
    signal?.throwIfAborted()
    const granted = Promise.withResolvers<void>()
    const request: Request = { name, mode, grant: granted.resolve }
    if (ifAvailable && !this.#isFree(request, this.#pending)) return callback(null) as Awaited<T>
    const giveUp = (): void => {
      this.#pending = this.#pending.filter((other) => other !== request)
      granted.reject(signal?.reason)
      this.#grant()
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    this.#pending.push(request)
    this.#grant()
    await granted.promise
    signal?.removeEventListener('abort', giveUp)
    try {
      return await callback({ name, mode })
    } finally {
      this.#held.delete(request)
      this.#grant()
    }
  }

  async query(): Promise<LockManagerSnapshot> {
    return { held: [...this.#held].map(infoOf), pending: this.#pending.map(infoOf) }
  }

  #grant(): void {
    const waiting: Request[] = []
    for (const request of this.#pending) {
      if (this.#isFree(request, waiting)) {
        this.#held.add(request)
        request.grant()
      } else waiting.push(request)
    }
    this.#pending = waiting
  }

  /** Whether nobody holds the lock in a way that excludes the request, and nobody came before. */
  #isFree({ name, mode }: Request, before: readonly Request[]): boolean {
    const isShared = mode === 'shared'
    const holders = [...this.#held].filter((other) => other.name === name)
    return !before.some((other) => other.name === name) && holders.every((other) => isShared && other.mode === 'shared')
  }
}

function infoOf({ name, mode }: Request): LockInfo {
  return { name, mode, clientId: '' }
}
