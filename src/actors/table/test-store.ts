// For tests: a store that ends with the page.
import type { Pid } from '../../glia/pid.ts'
import { GliaError } from '../../glia/errors.ts'
import type { FileChange, FileEntry } from '../files/files-api.ts'
import { receiveCheckpoint } from '../snapshot/posted-checkpoint.ts'
import type { Checkpoint, Pack, PostedCheckpoint, Snapshot, WholeSnapshot } from '../snapshot/snapshot.ts'
import type { Reminder } from './reminder.ts'
import { modulesOf, type ProcessRecord, type ProcessStore } from './store.ts'

/**
 * Keeps processes like {@link ProcessStore}, in memory. Transactions run one after the other, and each takes a while.
 */
export class MemoryStore implements ProcessStore {
  readonly records = new Map<string, ProcessRecord>()
  readonly modules = new Map<string, Blob>()
  /** By PID, then by path. */
  readonly kept = new Map<string, Map<string, FileEntry>>()
  /** What processes have in memory, by PID. */
  readonly memories = new Map<string, { snapshot: Snapshot; packs: Map<number, Pack> }>()
  /** By their ids. */
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

  putProcess(record: ProcessRecord, modules: ReadonlyMap<string, Blob> = new Map()): Promise<void> {
    return this.#transaction(() => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      for (const cid of modulesOf(record)) {
        const module = modules.get(cid)
        if (module) this.modules.set(cid, module)
      }
      this.records.set(record.pid, record)
      this.#dropUnused()
    })
  }

  deleteProcess(pid: Pid): Promise<void> {
    return this.#transaction(() => {
      this.records.delete(pid)
      this.kept.delete(pid)
      this.memories.delete(pid)
      for (const { id, pid: of } of this.reminded.values()) if (of === pid) this.reminded.delete(id)
      this.#dropUnused()
    })
  }

  reminders(slot: number): Promise<Reminder[]> {
    return this.#transaction(() =>
      [...this.reminded.values()].filter(({ pid }) => this.records.get(pid)?.slot === slot),
    )
  }

  putReminder(reminder: Reminder): Promise<void> {
    return this.#transaction(() => void this.reminded.set(reminder.id, structuredClone(reminder)))
  }

  deleteReminder({ id }: Reminder): Promise<void> {
    return this.#transaction(() => void this.reminded.delete(id))
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

  snapshot(pid: string): Promise<WholeSnapshot | undefined> {
    return this.#transaction(() => {
      const kept = this.memories.get(pid)
      // Copies, as a database gives them.
      return kept && structuredClone({ snapshot: kept.snapshot, packs: [...kept.packs.values()] })
    })
  }

  putCheckpoint(pid: string, { snapshot, packs, dropped }: Checkpoint): Promise<void> {
    return this.#transaction(() => {
      if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
      if (!this.records.has(pid)) return
      const kept = dropped === 'all' ? new Map<number, Pack>() : new Map(this.memories.get(pid)?.packs)
      if (dropped !== 'all') for (const id of dropped) kept.delete(id)
      for (const pack of packs) kept.set(pack.id, pack)
      this.memories.set(pid, { snapshot, packs: kept })
    })
  }

  async putPosted(pid: string, { port }: PostedCheckpoint, messages: number): Promise<void> {
    await this.putCheckpoint(pid, await receiveCheckpoint(port, messages))
  }

  dropSnapshot(pid: string): Promise<void> {
    return this.#transaction(() => void this.memories.delete(pid))
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

  #transaction<T>(work: () => T): Promise<T> {
    const done = this.#last.then(later).then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  #dropUnused(): void {
    const used = new Set([...this.records.values()].flatMap(modulesOf))
    for (const cid of this.modules.keys()) if (!used.has(cid)) this.modules.delete(cid)
  }
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2))
}
