import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { closeForNewer, keysFrom } from '../actors/table/database-parts.ts'
import type { LogLine } from '../actors/table/process-log.ts'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { Logger } from '../glia/log.ts'

/** Time between a line and the write that keeps it, in ms. */
const WRITE_MS = 1000

interface Schema extends DBSchema {
  /** The lines of each process, by the slot of the identity and the PID. */
  logs: { key: [slot: number, pid: string]; value: readonly LogLine[] }
}

export interface LogKeeperInit {
  /** Name of what is kept in this browser. */
  storage: string
  slot: number
  log: Logger
  entries(): readonly ProcessEntry[]
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/**
 * Keeps the logs of the processes of a tab across reloads, in a database of their own, since they may be lost without
 * harm. A tab without a database has them as long as the page lives.
 */
export class LogKeeper {
  readonly #init: LogKeeperInit
  readonly #db: IDBPDatabase<Schema>
  /** The lines that are kept, by PID. */
  readonly #kept = new Map<string, readonly LogLine[]>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(init: LogKeeperInit, db: IDBPDatabase<Schema>) {
    this.#init = init
    this.#db = db
    addEventListener('pagehide', () => this.#write(), { signal: init.alive })
    init.alive.addEventListener('abort', () => this.#stop(), { once: true })
  }

  /** Brings the lines of earlier pages back. @throws {DOMException} if the browser gives this page no database. */
  static async start(init: LogKeeperInit): Promise<LogKeeper> {
    const db = await openDB<Schema>(`${init.storage}-logs`, 1, {
      upgrade: (created) => void created.createObjectStore('logs'),
      blocking: closeForNewer,
    })
    const keeper = new LogKeeper(init, db)
    await keeper.#restore()
    return keeper
  }

  /** Something has changed that may be a line. */
  notice(): void {
    if (this.#init.alive.aborted) return
    this.#timer ??= setTimeout(() => this.#write(), WRITE_MS)
  }

  async #restore(): Promise<void> {
    const { slot, entries } = this.#init
    const range = keysFrom(slot)
    const [keys, logs] = await Promise.all([this.#db.getAllKeys('logs', range), this.#db.getAll('logs', range)])
    const processes = new Map(entries().map((entry) => [entry.record.pid as string, entry]))
    keys.forEach(([, pid], i) => {
      const lines = logs[i] ?? []
      this.#kept.set(pid, lines)
      processes.get(pid)?.log.restore(lines)
    })
    this.notice()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const before = this.#writing
    // Not after the write before it: a page that goes away cannot wait for that. The database keeps their order.
    const writing = this.#writeAll().catch((thrown: unknown) => {
      this.#init.log.warn('the logs of the processes could not be kept:', thrown)
    })
    this.#writing = Promise.all([before, writing]).then(() => undefined)
  }

  /** Writes the logs that have changed, and forgets those of processes that are gone. */
  async #writeAll(): Promise<void> {
    const { slot, entries } = this.#init
    const now = new Map(entries().map(({ record, log }) => [record.pid as string, log.lines]))
    const changed = [...now].filter(([pid, lines]) => lines.length > 0 && this.#kept.get(pid) !== lines)
    const gone = [...this.#kept.keys()].filter((pid) => !now.has(pid))
    if (changed.length === 0 && gone.length === 0) return
    const tx = this.#db.transaction('logs', 'readwrite', { durability: 'relaxed' })
    const writes = [
      ...changed.map(([pid, lines]) => tx.store.put(lines, [slot, pid])),
      ...gone.map((pid) => tx.store.delete([slot, pid])),
    ]
    // A page that goes away cannot end its transaction by waiting for it.
    tx.commit()
    await Promise.all([...writes, tx.done])
    for (const [pid, lines] of changed) this.#kept.set(pid, lines)
    for (const pid of gone) this.#kept.delete(pid)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    void this.#writing.finally(() => this.#db.close())
  }
}
