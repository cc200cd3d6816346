import { type Address, formatPlace } from '../address.ts'
import { toGliaError } from '../errors.ts'
import type { Pid } from '../pid.ts'
import type { Watch } from './links.ts'
import type { WatchHandle, WatchRemote } from './remote-watch.ts'
import { isLast } from './told-end.ts'

/** The watches of the processes of this peer. */
export interface KeptWatches {
  /** A watch that is not over. */
  get(id: string): Watch | undefined
  /** Keeps a watch with its process. */
  keep(watch: Watch): void
  /** @returns the PID of the watcher. @throws {GliaError} if it cannot watch with this method. */
  watcher(pid: string, method: string): Pid
  /** Ends a watch for good. */
  unwatch(id: string): void
  /** Sends the watcher a message. */
  send(watch: Watch, message: object): void
}

/** The watches that processes of this peer have on those of others. */
export class RemoteWatches {
  readonly #watches: KeptWatches
  readonly #node: { watch: WatchRemote }
  readonly #handles = new Map<string, WatchHandle>()

  constructor(watches: KeptWatches, node: { watch: WatchRemote }) {
    this.#watches = watches
    this.#node = node
  }

  /**
   * Has a process told of the ends of one of another peer. The message is JSON: `{"kind", "address", "pid", "reason",
   * "final"}`. The watch goes on after a lost connection, and after a reload of this page.
   * @returns the id of the watch.
   * @throws {GliaError} ERR_NO_PROC, ERR_NO_METHOD, ERR_BAD_REQUEST; the refusal of the other peer, such as ERR_DENIED.
   */
  async watch(watcher: string, { host, proc }: Pick<Address, 'host' | 'proc'>, method: string): Promise<string> {
    const id = crypto.randomUUID()
    const watch: Watch = { id, watcher: this.#watches.watcher(watcher, method), watched: proc, host, method }
    this.#watches.keep(watch)
    await this.#begin(watch)
    return id
  }

  /** Takes a kept watch up again. Never rejects: `failed` gets the reason why it does not go on. */
  async resume(watch: Watch, failed: (why: string) => void): Promise<void> {
    try {
      await this.#begin(watch)
    } catch (thrown) {
      failed(`A watch does not go on: ${toGliaError(thrown).message}`)
    }
  }

  stop(id: string): void {
    this.#handles.get(id)?.stop()
    this.#handles.delete(id)
  }

  /** A watch that is refused is over. */
  async #begin({ id, host = '', watched: pid, after }: Watch): Promise<void> {
    const watches = this.#watches
    // It may have ended meanwhile.
    if (!watches.get(id)) return
    try {
      const handle = this.#node.watch(host, {
        pid,
        after,
        knows: (at) => {
          const watch = watches.get(id)
          if (watch) watches.keep({ ...watch, after: at })
        },
        tell: (end) => {
          const watch = watches.get(id)
          if (!watch) return
          if (isLast(end)) watches.unwatch(id)
          const { kind, reason, final } = end
          watches.send(watch, { kind, address: formatPlace({ host, proc: pid }), pid, reason, final })
        },
      })
      this.#handles.set(id, handle)
      await handle.settled
    } catch (thrown) {
      watches.unwatch(id)
      throw thrown
    }
  }
}
