import { GliaError, toGliaError } from '../../glia/errors.ts'
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

/** Keeps files across reloads. Reads and writes happen in the order in which they were asked for. */
export interface FileStore {
  /** @throws {GliaError} ERR_STORAGE */
  files(pid: string): Promise<FileEntry[]>
  /**
   * Stores all changes or none. With `strict` it resolves when the changes survive a browser that is killed. @throws
   * {GliaError} ERR_STORAGE
   */
  changeFiles(pid: string, changes: readonly FileChange[], durability: 'relaxed' | 'strict'): Promise<void>
}

export interface ProcessFilesInit {
  pid: string
  /** Undefined: the files live as long as the page. */
  store: FileStore | undefined
  /** Largest memory of all of them, in bytes. */
  maxBytes: number
  /** The promise of `fsync`. */
  sync: Policy['sync']
  /** Takes a line for people about files that are not kept. */
  report(line: string): void
  /** Called when something has changed that a view shows. */
  changed(): void
}

type Changes = ReadonlyMap<string, FileChange>

/**
 * The files of a process under `/data`, on the page. They are in the store, except for what has changed since. Changes
 * are held here until they are stored, so that no worker begins without them. Changes that the store refuses stay as
 * long as the page.
 */
export class ProcessFiles {
  readonly #init: ProcessFilesInit
  /** Whether the store has the files. If not, all of them are in `#waiting`. */
  #isKept = false
  /** Whether changes are being stored. */
  #isStoring = false
  #failed: string | undefined
  /** The changes that are being stored: the files as they were between two reports. */
  #flight: Changes = new Map()
  /** Later changes. */
  #waiting = new Map<string, FileChange>()
  #flushing: Promise<void> | undefined
  #index: FileIndex | undefined
  /** Views ask for the index at every change. All of them share one read. */
  #loading: Promise<unknown> | undefined
  #session: FilesSession | undefined
  /** Settles when it is known whether the browser keeps the process. */
  readonly #decided = Promise.withResolvers<void>()
  /** Paths whose present content was refused, because there is no room for it. */
  readonly #refused = new Set<string>()
  #limits: Pick<ProcessFilesInit, 'maxBytes' | 'sync'>

  constructor(init: ProcessFilesInit) {
    this.#init = init
    this.#limits = init
  }

  /** Changes the limits. A running worker keeps those with which it was started. */
  limit({ maxDataBytes: maxBytes, sync }: Pick<Policy, 'maxDataBytes' | 'sync'>): void {
    this.#limits = { maxBytes, sync }
  }

  /** Whether nothing of it is only here. */
  get isAtRest(): boolean {
    return this.#flight.size === 0 && this.#waiting.size === 0
  }

  /** The entries; undefined until somebody has read them. */
  get index(): FileIndex | undefined {
    return this.#index
  }

  /** The entries. @throws {GliaError} ERR_STORAGE */
  async load(): Promise<FileIndex> {
    if (!this.#index) await (this.#loading ??= this.entries().finally(() => (this.#loading = undefined)))
    return this.#index ?? new FileIndex()
  }

  /** All entries as they are now. The caller must not change them. @throws {GliaError} ERR_STORAGE */
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

  /** For a worker that is being started. @throws {GliaError} ERR_STORAGE: a process must not run without its files. */
  async open(tier: TierName = 'rings'): Promise<FilesSession> {
    // In a swap the old worker lives on if the new one does not start. Its changes are still taken; it rests meanwhile.
    const before = this.#session
    if (before?.isStopped) {
      // The last report of the old worker is still on its way.
      await nextTask()
      before.close()
    }
    const entries = await this.entries()
    // The worker has to take all present files, even if they exceed the limit.
    const maxBytes = Math.max(this.#limits.maxBytes, this.#index?.memoryBytes ?? 0)
    const barrier = makeBarrier(this.#limits.sync, tier)
    return new FilesSession(
      { entries, maxBytes, barrier },
      { changed: (changes) => this.#take(changes), report: this.#init.report, stored: () => this.stored() },
    )
  }

  /** The worker has started. From now on its changes count, and no others. */
  begin(session: FilesSession, put: PutFiles): void {
    // It was ended at the moment when it was ready: nothing may hold it.
    if (session.isStopped) return
    this.#session?.close()
    this.#session = session
    session.begin(put)
  }

  /**
   * Between two messages: puts files there, all or none. They replace files with the same paths. Resolves when they are
   * stored, or when the log says that they are not.
   * @throws {GliaError} ERR_BAD_REQUEST if they do not fit; ERR_STORAGE; ERR_PROC_STOPPED.
   */
  async put(entries: readonly FileEntry[]): Promise<void> {
    const whole = fittedFiles(entries, await this.load(), this.#limits.maxBytes)
    await this.#session?.put(whole)
    this.#take(whole)
    await this.#flushing
  }

  /**
   * Between two messages: removes what is at a path, with everything below it. Resolves when that is stored, or when
   * the log says that it is not.
   * @throws {GliaError} ERR_BAD_REQUEST if there is nothing; ERR_STORAGE; ERR_PROC_STOPPED.
   */
  async remove(path: string): Promise<void> {
    if ((await this.load()).kindAt(path) === undefined) {
      throw new GliaError('ERR_BAD_REQUEST', `There is no /data/${path}. The process may have removed it.`)
    }
    await this.#session?.put([{ path, kind: 'removed' }])
    // Only now: the worker has reported what it had put there.
    const { infos } = await this.load()
    const gone = infos.filter((info) => info.path === path || info.path.startsWith(`${path}/`))
    this.#take(gone.map((info) => ({ path: info.path, kind: 'removed' })))
    await this.#flushing
  }

  /**
   * Waits until everything taken until now is stored. `fsync` waits for it under `sync: 'durable'`.
   * @returns false if it is not stored; then the log says why.
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

  /** The browser refused to keep the process. Then `fsync` fails instead of waiting. */
  notKept(): void {
    this.#decided.resolve()
  }

  /** The worker has ended. Its reports until then count, unless it never started. */
  stopped(session: FilesSession): void {
    session.stopped()
    if (this.#session !== session) session.close()
  }

  /** The process is gone, and nothing more is taken. An open port, and its listener, would never be collected. */
  close(): void {
    this.#isStoring = false
    this.#decided.resolve()
    this.#session?.close()
    this.#session = undefined
  }

  /**
   * Waits while too much waits to be stored, at most until the signal aborts; undefined if there is no need to wait.
   */
  whenRoom(signal: AbortSignal): Promise<void> | undefined {
    return this.#flushing && this.#unstoredBytes() > MAX_WAITING_BYTES ? this.#roomComes(signal) : undefined
  }

  /** The process is in the store. From now on its files are too. */
  keep(): void {
    if (!this.#init.store) return
    this.#isKept = true
    this.#isStoring = true
    this.#decided.resolve()
    this.#flush()
  }

  /**
   * The process leaves the store. From now on its files are held here, until {@link keep}. Never rejects.
   * @returns the files; undefined if they could not be read. Then they stay in the store.
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

  /** Adds entries. Later changes win over them. */
  hold(entries: readonly FileEntry[]): void {
    const below = entries.map((entry) => [entry.path, entry] as const)
    this.#waiting = new Map<string, FileChange>([...below, ...this.#flight, ...this.#waiting])
  }

  #take(changes: readonly FileChange[]): void {
    const { report, changed } = this.#init
    const { maxBytes } = this.#limits
    const index = (this.#index ??= new FileIndex())
    const refused: string[] = []
    // Removals first: they may make the room that the others need.
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

  /** @returns whether the changes were stored. */
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
      // The process was killed, or has ended for good. Its files are held here now.
      if (!this.#isStoring) return false
      const { message } = toGliaError(thrown)
      if (this.#failed !== message)
        report(
          `${message} The process runs, but these files are lost when this peer ends, unless they can be kept until then.`,
        )
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
