import type { Arrival } from './arriving-stream.ts'
import type { CallNote } from '../call-note.ts'
import type { GliaError } from '../errors.ts'
import { keyIn } from '../instance-key.ts'
import type { ProcState, Status } from './life.ts'
import { Proc, type ProcInit } from './proc.ts'
import type { Stream } from '../stream/stream.ts'

/** The instances of a process that has one for each key. */
export interface Instances {
  /**
   * Gives a message to the instance of a key. The instance is made if there is none.
   * @throws {GliaError} ERR_TOO_MANY_KEYS; ERR_STORAGE; ERR_DEADLINE if the instance was not read from the store in time;
   * the failure of the work.
   */
  use<T>(key: string, work: (instance: Proc) => Promise<T>): Promise<T>
  /** The instances in memory. All others are cold. */
  all(): Iterable<Proc>
  /** Whether one is being read from the store, or made. */
  readonly isOpening: boolean
}

/** The state that a process with instances in these states has: the first of them in this order. */
const BUSIEST: readonly ProcState[] = ['busy', 'starting', 'backoff', 'idle']

/**
 * A process that has an instance for each key (a virtual actor). An instance is a {@link Proc} with a mailbox of its own.
 * This one takes the messages, checks who may send them, and runs none itself.
 */
export class KeyedProc extends Proc {
  override readonly hasKeys = true
  readonly #instances: Instances

  constructor({ instances, ...init }: ProcInit & { instances: Instances }) {
    super(init)
    this.#instances = instances
  }

  /** That of its busiest instance. */
  override get status(): Status {
    const own = super.status
    if (own.state === 'dead') return own
    const all = [...this.#instances.all()].map(({ status }) => status)
    for (const state of BUSIEST) {
      if (state === 'starting' && this.#instances.isOpening) return { state }
      const found = all.find((status) => status.state === state)
      if (found) return found
    }
    return own
  }

  override get isLive(): boolean {
    return this.#live.length > 0
  }

  override get waiting(): number {
    return [...this.#instances.all()].reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Of all its instances together. */
  override get memoryBytes(): number | undefined {
    const live = this.#live
    return live.length === 0 ? undefined : live.reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0)
  }

  /** Its instances are evicted, each by itself. */
  override get evictableSince(): undefined {
    return undefined
  }

  override get mayGiveWay(): boolean {
    return false
  }

  override async deliver(stream: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    this.admit(stream)
    const key = keyIn(stream.procId) ?? ''
    let isThere = false
    try {
      await this.#instances.use(key, (instance) => {
        isThere = true
        return instance.deliver(stream, arrival, note)
      })
    } catch (thrown) {
      // An instance records its calls itself.
      throw isThere ? thrown : this.refused(stream, thrown)
    } finally {
      this.messages += 1
    }
  }

  /** There is nothing to start before there is a key. */
  override async warmUp(): Promise<void> {}

  override kill(error?: GliaError): void {
    super.kill(error)
    for (const instance of this.#instances.all()) instance.kill(error)
  }

  override close(error: GliaError): void {
    super.close(error)
    for (const instance of this.#instances.all()) instance.close(error)
  }

  get #live(): Proc[] {
    return [...this.#instances.all()].filter(({ isLive }) => isLive)
  }
}
