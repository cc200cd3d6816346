import type { Connection } from '@libp2p/interface'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { Pid } from '../../glia/pid.ts'
import { ROOT_AGE_MS } from '../limits.ts'
import { askStatus } from './status.ts'

/**
 * The root processes of other peers. A peer is asked once per connection, because asking costs a stream and a round trip. After
 * {@link ROOT_AGE_MS} it is asked again beside a call that uses the answer, so a root that changes is noticed.
 */
export class Roots {
  readonly #known = new WeakMap<Connection, { pid: Pid; askedAt: number }>()
  readonly #asking = new WeakMap<Connection, Promise<Pid>>()

  /**
   * @throws {GliaError} ERR_NO_PROC if the peer names no root process; ERR_UNREACHABLE if it does not answer; the
   * reason of the signal.
   */
  async of(connection: Connection, signal: AbortSignal): Promise<Pid> {
    const known = this.#known.get(connection)
    if (!known) return orAborted(this.#ask(connection), signal)
    if (Date.now() - known.askedAt > ROOT_AGE_MS) {
      // The call does not wait for the answer. If the peer is gone, the call itself finds out.
      void this.#ask(connection).catch(() => undefined)
    }
    return known.pid
  }

  /** Calls at the same time share one question. */
  #ask(connection: Connection): Promise<Pid> {
    const underWay = this.#asking.get(connection)
    if (underWay) return underWay
    const asking = this.#answer(connection)
    this.#asking.set(connection, asking)
    return asking
  }

  async #answer(connection: Connection): Promise<Pid> {
    try {
      const pid = await askStatus(connection)
      this.#known.set(connection, { pid, askedAt: Date.now() })
      return pid
    } catch (thrown) {
      this.#known.delete(connection)
      throw thrown
    } finally {
      this.#asking.delete(connection)
    }
  }
}
