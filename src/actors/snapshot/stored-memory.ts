import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { SnapshotInfo } from './history.ts'
import type { Checkpoint, WholeSnapshot } from './snapshot.ts'

/** Time until a failed write is tried again, in ms. It doubles with each failure in a row. */
const RETRY_MS = 1000
/** But it doubles at most this many times. */
const MAX_DOUBLINGS = 6

export type Durability = 'relaxed' | 'strict'

/** Keeps the memory of processes across reloads. Reads and writes happen in the order in which they were asked for. */
export interface SnapshotStore {
  /** @param id Left out: the present one. @throws {GliaError} ERR_STORAGE */
  snapshot(pid: string, id?: number): Promise<WholeSnapshot | undefined>
  /** Of which of these processes there are snapshots. @throws {GliaError} ERR_STORAGE */
  remembered(pids: readonly string[]): Promise<string[]>
  /** The last ones that are kept, newest first. @throws {GliaError} ERR_STORAGE */
  snapshots(pid: string): Promise<SnapshotInfo[]>
  /**
   * Stores a checkpoint after those before it, whole or not at all. Nothing if the process is not in the store. With `strict` it resolves when the checkpoint
   * survives a machine that stops. @throws {GliaError} ERR_STORAGE
   */
  putCheckpoint(pid: string, checkpoint: Checkpoint, durability: Durability): Promise<void>
  /**
   * The same for one that nobody else uses: its memory may go to another thread, which has an order of its own. So what is
   * asked for after it has to wait for it. Left out: the same is done for all.
   */
  takeCheckpoint?(pid: string, checkpoint: Checkpoint, durability: Durability): Promise<void>
  /** @throws {GliaError} ERR_STORAGE */
  dropSnapshot(pid: string): Promise<void>
}

export interface StoredMemoryInit {
  pid: string
  store: SnapshotStore
  /** Takes a line for people. */
  report(line: string): void
  /** Called when a write has ended. */
  changed(): void
  /**
   * A write failed, and what was taken until now may build on parts that the store does not have.
   * @param waitMs When the next try makes sense, in ms.
   */
  failed(waitMs: number): void
  /** After failures a write has succeeded. */
  recovered(): void
}

/** When a state was taken, as its write must know later. */
export interface Moment {
  epoch: number
  failures: number
}

/** What a write stores. */
export interface Write {
  /** Whether it builds on nothing that was stored before. */
  isWhole: boolean
  run(): Promise<void>
}

/** The memory of one process in a store: one operation after the other, and what follows when one of them fails. */
export class StoredMemory {
  /** Whether the store has a snapshot, as far as is known. */
  isThere: boolean | undefined
  readonly #init: StoredMemoryInit
  /** Writes under way. */
  #writing = 0
  /** Counts how often everything before was given up. */
  #epoch = 0
  #failed: string | undefined
  #failures = 0
  #failuresInRow = 0
  /** The last operation. Never rejects. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(init: StoredMemoryInit) {
    this.#init = init
  }

  get isWriting(): boolean {
    return this.#writing > 0
  }

  /** Why the last write failed. */
  get failure(): string | undefined {
    return this.#failed
  }

  /** Settles when all operations until now are over. Never rejects. */
  get settled(): Promise<unknown> {
    return this.#last
  }

  get moment(): Moment {
    return { epoch: this.#epoch, failures: this.#failures }
  }

  /** Whether nothing that was taken then has been given up since. */
  isCurrent({ epoch }: Moment): boolean {
    return this.#epoch === epoch
  }

  /** Everything that was taken until now is not to be stored any more. */
  giveUp(): void {
    this.#epoch += 1
  }

  /** @param moment When its state was taken. It is not stored if that was given up, or a write failed that it builds on. */
  put(moment: Moment, { isWhole, run }: Write): void {
    this.#writing += 1
    const put = async (): Promise<void> => {
      if (!this.isCurrent(moment) || (!isWhole && this.#failures !== moment.failures)) return
      await run()
      // It was given up meanwhile. What deletes it waits for the end of this write.
      if (this.isCurrent(moment)) this.#succeeded()
    }
    // The failure counts before the next write begins.
    const failed = (thrown: unknown): void => {
      // It was given up meanwhile, as by a kill. Nothing that follows builds on it.
      if (this.isCurrent(moment)) this.fail(thrown)
    }
    void this.#inOrder(() => put().catch(failed)).finally(() => {
      this.#writing -= 1
      this.#init.changed()
    })
  }

  /** What is stored. @param id Left out: the present snapshot. @throws {GliaError} ERR_STORAGE */
  read(id?: number): Promise<WholeSnapshot | undefined> {
    const { store, pid } = this.#init
    return this.#inOrder(() => store.snapshot(pid, id))
  }

  /** The snapshots that are stored, newest first. @throws {GliaError} ERR_STORAGE */
  list(): Promise<SnapshotInfo[]> {
    const { store, pid } = this.#init
    return this.#inOrder(() => store.snapshots(pid))
  }

  /** Deletes what is stored, and what is being stored. */
  drop(): void {
    if (this.isThere === false && !this.isWriting) return
    this.isThere = false
    const { store, pid } = this.#init
    void this.#inOrder(async () => store.dropSnapshot(pid)).catch((thrown: unknown) => this.fail(thrown))
  }

  /** Resolves when everything until now is stored. @throws {GliaError} ERR_STORAGE */
  async whenStored(): Promise<void> {
    await this.#last
    if (this.#failed !== undefined) throw new GliaError('ERR_STORAGE', this.#failed)
  }

  fail(thrown: unknown): void {
    const { report, failed } = this.#init
    this.#failures += 1
    const { message } = toGliaError(thrown)
    if (this.#failed !== message) report(`${message} The process runs, but its memory is not kept.`)
    this.#failed = message
    const waitMs = RETRY_MS * 2 ** Math.min(this.#failuresInRow, MAX_DOUBLINGS)
    this.#failuresInRow += 1
    failed(waitMs)
  }

  #succeeded(): void {
    this.isThere = true
    if (this.#failed !== undefined) this.#init.report('Its memory is kept again.')
    this.#failed = undefined
    const hadFailed = this.#failuresInRow > 0
    this.#failuresInRow = 0
    if (hadFailed) this.#init.recovered()
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}
