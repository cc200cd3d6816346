// For tests: a store that ends with the page.
import { instancePid, keyIn, processOf } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import { GliaError } from '../../glia/errors.ts'
import type { FileChange, FileEntry } from '../files/files-api.ts'
import { changesOf, type Parts, snapshotIn, type SnapshotInfo, snapshotsIn } from '../snapshot/history.ts'
import type { Checkpoint, WholeSnapshot } from '../snapshot/snapshot.ts'
import type { Reminder } from './reminder.ts'
import { type KeyRecord, modulesOf, type ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'

/**
 * Keeps processes like {@link ProcessStore}, in memory. Transactions run one after the other, and each takes a while.
 */
export class MemoryStore implements ProcessStore {
  readonly records = new Map<string, ProcessRecord>()
  /** What the records were after each write of them: what a peer may find that was killed. */
  readonly moments: ReadonlyMap<string, ProcessRecord>[] = []
  readonly modules = new Map<string, Blob>()
  /** By PID, then by path. */
  readonly kept = new Map<string, Map<string, FileEntry>>()
  /** Keys of processes, by PID and key. */
  readonly keyRecords = new Map<string, Map<string, KeyRecord>>()
  /** What processes have in memory, in parts, by PID. */
  readonly memories = new Map<string, Map<number, unknown>>()
  /** By their PIDs and ids. */
  readonly reminded = new Map<string, Reminder>()
  /** Whether files cannot be read. */
  isBroken = false
  /** Whether processes cannot be kept. */
  isFull = false
  #last: Promise<unknown> = Promise.resolve()

  async processes(slot: number): Promise<ProcessRecord[]> {
    return this.#transaction(() =>
      [...this.records.values()].filter((record) => record.slot === slot).sort((a, b) => a.createdAt - b.createdAt),
    )
  }

  putProcesses(records: readonly ProcessRecord[], modules: ReadonlyMap<string, Blob> = new Map()): Promise<void> {
    return this.#transaction(() => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      for (const cid of records.flatMap(modulesOf)) {
        const module = modules.get(cid)
        if (module) this.modules.set(cid, module)
      }
      // Copies, as a database has them. One that cannot be copied keeps the others out too.
      for (const record of structuredClone(records)) this.records.set(record.pid, record)
      this.moments.push(new Map(this.records))
      this.#dropUnused()
    })
  }

  deleteProcess(pid: Pid): Promise<void> {
    return this.#transaction(() => {
      this.records.delete(pid)
      this.moments.push(new Map(this.records))
      this.keyRecords.delete(pid)
      for (const map of [this.kept, this.memories]) {
        for (const each of map.keys()) if (processOf(each) === pid) map.delete(each)
      }
      for (const [name, each] of this.reminded) if (processOf(each.pid) === pid) this.reminded.delete(name)
      this.#dropUnused()
    })
  }

  reminders(slot: number): Promise<Reminder[]> {
    return this.#transaction(() =>
      [...this.reminded.values()].filter(({ pid }) => this.records.get(processOf(pid))?.slot === slot),
    )
  }

  putReminder(reminder: Reminder): Promise<void> {
    return this.#transaction(() => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      if (this.records.has(processOf(reminder.pid))) this.reminded.set(nameOf(reminder), structuredClone(reminder))
    })
  }

  deleteReminder(reminder: Reminder): Promise<void> {
    return this.#transaction(() => void this.reminded.delete(nameOf(reminder)))
  }

  files(pid: string): Promise<FileEntry[]> {
    return this.#transaction(() => {
      if (this.isBroken) throw new GliaError('ERR_STORAGE', 'It is broken.')
      return [...(this.kept.get(pid)?.values() ?? [])]
    })
  }

  changeFiles(pid: string, changes: readonly FileChange[]): Promise<void> {
    return this.#transaction(() => {
      const files = this.kept.get(pid) ?? new Map<string, FileEntry>()
      this.kept.set(pid, files)
      for (const change of changes) {
        if (change.kind === 'removed') files.delete(change.path)
        else files.set(change.path, change)
      }
    })
  }

  snapshot(pid: string, id?: number): Promise<WholeSnapshot | undefined> {
    // Copies, as a database gives them.
    return this.#transaction(async () => structuredClone(await snapshotIn(this.#parts(pid), id)))
  }

  remembered(pids: readonly string[]): Promise<string[]> {
    return this.#transaction(() => pids.filter((pid) => this.memories.has(pid)))
  }

  snapshots(pid: string): Promise<SnapshotInfo[]> {
    return this.#transaction(() => snapshotsIn(this.#parts(pid)))
  }

  putCheckpoint(pid: string, checkpoint: Checkpoint): Promise<void> {
    return this.#transaction(async () => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      const key = keyIn(pid)
      if (key === undefined ? !this.records.has(pid) : !this.keyRecords.get(processOf(pid))?.has(key)) return
      const { puts, gone } = await changesOf(this.#parts(pid), checkpoint, Date.now())
      const parts = this.memories.get(pid) ?? new Map<number, unknown>()
      this.memories.set(pid, parts)
      for (const part of gone) parts.delete(part)
      for (const [part, value] of puts) parts.set(part, value)
    })
  }

  /** Loses all that has the content of a memory. */
  loseUnits(pid: string): void {
    const parts = this.memories.get(pid)
    for (const part of parts?.keys() ?? []) if (part >= 1) parts?.delete(part)
  }

  dropSnapshot(pid: string): Promise<void> {
    return this.#transaction(() => void this.memories.delete(pid))
  }

  key(pid: string, key: string): Promise<KeyRecord | undefined> {
    return this.#transaction(() => this.keyRecords.get(pid)?.get(key))
  }

  putKey(pid: string, record: KeyRecord): Promise<void> {
    return this.#transaction(() => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      if (!this.records.has(pid)) return
      const keys = this.keyRecords.get(pid) ?? new Map<string, KeyRecord>()
      this.keyRecords.set(pid, keys.set(record.key, record))
    })
  }

  deleteKey(pid: Pid, key: string): Promise<void> {
    return this.#transaction(() => {
      this.keyRecords.get(pid)?.delete(key)
      this.kept.delete(instancePid(pid, key))
      this.memories.delete(instancePid(pid, key))
      for (const [name, each] of this.reminded) if (each.pid === instancePid(pid, key)) this.reminded.delete(name)
    })
  }

  countKeys(pid: string): Promise<number> {
    return this.#transaction(() => this.keyRecords.get(pid)?.size ?? 0)
  }

  keys(pid: string, limit: number, after = ''): Promise<KeyRecord[]> {
    return this.#transaction(() => {
      const all = [...(this.keyRecords.get(pid)?.values() ?? [])].filter(({ key }) => key > after)
      return all.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit)
    })
  }

  dropSnapshots(pid: string): Promise<void> {
    return this.#transaction(() => {
      for (const each of this.memories.keys()) if (each !== pid && processOf(each) === pid) this.memories.delete(each)
    })
  }

  module(cid: string): Promise<Blob | undefined> {
    return this.#transaction(() => this.modules.get(cid))
  }

  /** Resolves when everything that was asked for is done, with what followed from it. */
  async settled(): Promise<void> {
    for (let last; last !== this.#last;) {
      last = this.#last
      await last
      await later()
    }
  }

  #parts(pid: string): Parts {
    const parts = this.memories.get(pid)
    return {
      get: async (part) => parts?.get(part === 0 ? 0 : part),
      numbers: async (first, last) =>
        [...(parts?.keys() ?? [])].filter((part) => part >= first && part <= last).sort((a, b) => a - b),
    }
  }

  #transaction<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(later).then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  #dropUnused(): void {
    const used = new Set([...this.records.values()].flatMap(modulesOf))
    for (const cid of this.modules.keys()) if (!used.has(cid)) this.modules.delete(cid)
  }
}

function nameOf({ pid, id }: Reminder): string {
  return `${pid} ${id}`
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2))
}
