import { toGliaError } from '../../glia/errors.ts'
import type { Policy } from '../../glia/process/policy.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { mib } from '../module/cap-memory.ts'
import { makeBarrier } from './file-barrier.ts'
import { FileIndex, lengthOf } from './file-index.ts'
import type { FileChange, FileEntry } from './files-api.ts'
import { fittedFiles } from './fitted-files.ts'
import { FilesSession, type PutFiles } from './files-session.ts'
import type { TierName } from '../worker/worker-api.ts'

/** Bytes that may wait to be stored when a message begins. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

/** Where files are kept across reloads. Reads and writes happen in the order in which they are asked for. */
export interface FileStore {
  /** @throws {GliaError} ERR_STORAGE */
  files(pid: string): Promise<FileEntry[]>
  /** All of it or nothing. `strict`: it resolves when a browser that is killed has it all the same. @throws {GliaError} ERR_STORAGE */
  changeFiles(pid: string, changes: readonly FileChange[], durability: 'relaxed' | 'strict'): Promise<void>
}

export interface ProcessFilesInit {
  pid: string
  /** undefined: they live as long as the page. */
  store: FileStore | undefined
  /** Largest memory of all of them, in bytes. */
  maxBytes: number
  /** What `fsync` promises. */
  sync: Policy['sync']
  /** Gets a line for people about what is not kept. */
  report(line: string): void
  /** Called when something has changed that a view shows. */
  changed(): void
}

type Changes = ReadonlyMap<string, FileChange>

/**
 * What a process has under `/data`, on the page. It is in the store, but for what has changed since: that is held here until it is
 * stored, so that no worker begins without it, and what the store refuses stays as long as the page.
 */
export class ProcessFiles {
  readonly #init: ProcessFilesInit
  /** The store has them; else all of them are in `#waiting`. */
  #isKept = false
  /** Changes are stored. */
  #isStoring = false
  #failed: string | undefined
  /** What is being stored: as it was between two reports. */
  #flight: Changes = new Map()
  /** What has changed since. */
  #waiting = new Map<string, FileChange>()
  #flushing: Promise<void> | undefined
  #index: FileIndex | undefined
  /** Views ask for the index at every change: all of them wait for one read. */
  #loading: Promise<unknown> | undefined
  #session: FilesSession | undefined
  /** Settled once it is known whether the browser keeps the process. */
  readonly #decided = Promise.withResolvers<void>()
  /** What was not taken as it is now, since there is no room for it. */
  readonly #refused = new Set<string>()
  #limits: Pick<ProcessFilesInit, 'maxBytes' | 'sync'>

  constructor(init: ProcessFilesInit) {
    this.#init = init
    this.#limits = init
  }

  /** Changes the limits. A worker has those that it was started with. */
  limit({ maxDataBytes: maxBytes, sync }: Pick<Policy, 'maxDataBytes' | 'sync'>): void {
    this.#limits = { maxBytes, sync }
  }

  /** What there is; undefined until somebody has looked. */
  get index(): FileIndex | undefined {
    return this.#index
  }

  /** What there is. @throws {GliaError} ERR_STORAGE */
  async load(): Promise<FileIndex> {
    if (!this.#index) await (this.#loading ??= this.entries().finally(() => (this.#loading = undefined)))
    return this.#index ?? new FileIndex()
  }

  /** All of it as it is now. Whoever gets it changes none of it. @throws {GliaError} ERR_STORAGE */
  async entries(): Promise<FileEntry[]> {
    const { store, pid } = this.#init
    const isEmpty = this.#index?.size === 0 && this.#flight.size === 0 && this.#waiting.size === 0
    const unstored = [...this.#flight.values(), ...this.#waiting.values()]
    const stored = this.#isKept && store && !isEmpty ? await store.files(pid) : []
    const all = new Map<string, FileEntry>()
    for (const change of [...stored, ...unstored]) {
      if (change.kind === 'removed') all.delete(change.path)
      else all.set(change.path, change)
    }
    this.#index ??= indexOf(all.values())
    return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** For a worker that is being started. @throws {GliaError} ERR_STORAGE: without its files a process must not run. */
  async open(tier: TierName = 'rings'): Promise<FilesSession> {
    // Of one that lives on if this one does not start (a swap), changes are still taken; it does nothing meanwhile.
    const before = this.#session
    if (before?.isStopped) {
      // What its worker told at the very end is still on its way.
      await nextTask()
      before.close()
    }
    const entries = await this.entries()
    // It has to take what is there, whatever it may have on top.
    const maxBytes = Math.max(this.#limits.maxBytes, this.#index?.memoryBytes ?? 0)
    const barrier = makeBarrier(this.#limits.sync, tier)
    return new FilesSession(
      { entries, maxBytes, barrier },
      { changed: (changes) => this.#take(changes), report: this.#init.report, stored: () => this.stored() },
    )
  }

  /** The worker has started: from now on its changes count, and no others. */
  begin(session: FilesSession, put: PutFiles): void {
    this.#session?.close()
    this.#session = session
    session.begin(put)
  }

  /**
   * Between two messages: puts files there, all or none, over those that have their paths. Resolves when they are stored, or
   * the log says that they are not.
   * @throws {GliaError} ERR_BAD_REQUEST if they do not fit; ERR_STORAGE; ERR_PROC_STOPPED.
   */
  async put(entries: readonly FileEntry[]): Promise<void> {
    const whole = fittedFiles(entries, await this.load(), this.#limits.maxBytes)
    await this.#session?.put(whole)
    this.#take(whole)
    await this.#flushing
  }

  /**
   * Waits until everything that was taken until now is stored: what `fsync` waits for under `sync: 'durable'`.
   * @returns false if it is not, and the log says why.
   */
  async stored(): Promise<boolean> {
    if (!this.#init.store) return false
    await this.#decided.promise
    while (this.#isStoring && this.#waiting.size + this.#flight.size > 0) {
      this.#flush()
      // oxlint-disable-next-line no-await-in-loop -- until nothing waits
      await this.#flushing
      if (this.#failed !== undefined) return false
    }
    return this.#isStoring && this.#refused.size === 0
  }

  /** For the first message: what the start has put under `/data` is stored before anybody hears of it. */
  get whenStartStored(): Promise<boolean> | undefined {
    return this.#limits.sync === 'durable' ? this.stored() : undefined
  }

  /** The browser refused to keep the process: `fsync` fails instead of waiting. */
  notKept(): void {
    this.#decided.resolve()
  }

  /** The worker is ended. What it had told by then still counts, unless it never started. */
  stopped(session: FilesSession): void {
    session.isStopped = true
    if (this.#session !== session) session.close()
  }

  /** The process is gone: nothing is taken any more. A port that is open is never collected, nor is what listens to it. */
  close(): void {
    this.#isStoring = false
    this.#decided.resolve()
    this.#session?.close()
    this.#session = undefined
  }

  /** Waits while too much waits to be stored, at most until the signal aborts; undefined if it does not. */
  whenRoom(signal: AbortSignal): Promise<void> | undefined {
    return this.#flushing && this.#unstoredBytes() > MAX_WAITING_BYTES ? this.#roomComes(signal) : undefined
  }

  /** The process is in the store: from now on its files are. */
  keep(): void {
    if (!this.#init.store) return
    this.#isKept = true
    this.#isStoring = true
    this.#decided.resolve()
    this.#flush()
  }

  /**
   * The process goes from the store: from now on its files are held here, until {@link keep}. Never rejects.
   * @returns them; undefined if they could not be read. Then they stay where they are.
   */
  async release(): Promise<readonly FileEntry[] | undefined> {
    const wasStoring = this.#isStoring
    this.#isStoring = false
    try {
      const entries = await this.entries()
      this.hold(entries)
      this.#isKept = false
      return entries
    } catch (thrown) {
      this.#init.report(`What is kept under /data could not be read: ${toGliaError(thrown).message}`)
      this.#isStoring = wasStoring
      this.#flush()
      return undefined
    }
  }

  /** Puts entries below all that has changed. */
  hold(entries: readonly FileEntry[]): void {
    const below = entries.map((entry) => [entry.path, entry] as const)
    this.#waiting = new Map<string, FileChange>([...below, ...this.#flight, ...this.#waiting])
  }

  #take(changes: readonly FileChange[]): void {
    const { report, changed } = this.#init
    const { maxBytes } = this.#limits
    const index = (this.#index ??= new FileIndex())
    const refused: string[] = []
    // Room first: what is removed may be what makes it.
    for (const change of [...changes].sort((a, b) => Number(b.kind === 'removed') - Number(a.kind === 'removed'))) {
      if (change.kind !== 'removed' && !index.hasRoomFor([change], maxBytes)) {
        refused.push(change.path)
        this.#refused.add(change.path)
        continue
      }
      this.#refused.delete(change.path)
      index.put(change)
      this.#waiting.set(change.path, change)
    }
    if (refused.length > 0) {
      const what = refused.length === 1 ? `/data/${refused[0]} is` : `${refused.length} files under /data are`
      report(`${what} not kept as they are now: every name of a file counts, and that is more than ${mib(maxBytes)}.`)
    }
    changed()
    this.#flush()
  }

  #flush(): void {
    const { store } = this.#init
    if (store && this.#isStoring && this.#waiting.size > 0) this.#flushing ??= this.#flushAll(store)
  }

  async #flushAll(store: FileStore): Promise<void> {
    while (this.#isStoring && this.#waiting.size > 0 && (await this.#store(store))) continue
    this.#flushing = undefined
  }

  /** @returns whether that went well. */
  async #store(store: FileStore): Promise<boolean> {
    const { pid, report } = this.#init
    const { sync } = this.#limits
    this.#flight = this.#waiting
    this.#waiting = new Map()
    try {
      await store.changeFiles(pid, [...this.#flight.values()], sync === 'durable' ? 'strict' : 'relaxed')
      if (this.#failed !== undefined) report('What is under /data is kept again.')
      this.#failed = undefined
      return true
    } catch (thrown) {
      this.#waiting = new Map([...this.#flight, ...this.#waiting])
      const { message } = toGliaError(thrown)
      if (this.#failed !== message) report(`${message} The process runs, but it loses these files with this page.`)
      this.#failed = message
      // The next change tries again.
      return false
    } finally {
      this.#flight = new Map()
    }
  }

  async #roomComes(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => aborted.resolve(), { once: true })
    while (!signal.aborted && this.#flushing && this.#unstoredBytes() > MAX_WAITING_BYTES) {
      await Promise.race([this.#flushing, aborted.promise])
    }
  }

  #unstoredBytes(): number {
    return [...this.#flight.values(), ...this.#waiting.values()].reduce((sum, change) => sum + lengthOf(change), 0)
  }
}

function indexOf(entries: Iterable<FileEntry>): FileIndex {
  const index = new FileIndex()
  for (const entry of entries) index.put(entry)
  return index
}
