import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { SnapshotInfo } from '../snapshot/history.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { ProcessStore } from './process-store.ts'

export interface ProcessMemoriesInit {
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  registry: ProcessRegistry
  modules: ProcessModules
  keeper: ProcessKeeper
}

/** What processes have in memory: stored, taken as a file, and gone back to. Loaded when it is needed. */
export class ProcessMemories {
  readonly #init: ProcessMemoriesInit

  constructor(init: ProcessMemoriesInit) {
    this.#init = init
  }

  /** Tells processes that have just come back whether the store has something of their memory. @throws {GliaError} ERR_STORAGE */
  async find(entries: readonly ProcessEntry[]): Promise<void> {
    const found = new Set(await this.#init.store?.remembered(entries.map(({ record }) => record.pid)))
    for (const { record, memory } of entries) if (found.has(record.pid)) memory.found()
  }

  async checkpoint(pid: string, signal: AbortSignal | undefined): Promise<void> {
    const { registry, modules } = this.#init
    await registry.with(pid, async (entry) => {
      await modules.checkTakeable(entry)
      let stored: Promise<void> | undefined
      // The record of a key is put into the store beside its first messages.
      await (signal ? orAborted(entry.memory.whenDecided(), signal) : entry.memory.whenDecided())
      await entry.proc.pause(async () => {
        // Not awaited here: messages go on while it is stored.
        const { whenStored } = await entry.memory.save()
        stored = whenStored
        stored.catch(() => undefined)
      }, signal)
      await stored
    })
  }

  async snapshot(pid: string, signal: AbortSignal | undefined, id: number | undefined): Promise<Blob> {
    const { registry, modules, keeper } = this.#init
    const whole = registry.get(pid)
    // A process with keys has a history for each of them.
    if (whole?.keys && id === undefined) {
      await modules.checkTakeable(whole)
      const { keyedFileOf } = await import('./snapshots.ts')
      return keyedFileOf(whole, whole.keys, (cid) => keeper.contentOf(whole, cid), signal)
    }
    return registry.with(pid, async (entry) => {
      await modules.checkTakeable(entry)
      const { snapshotOf } = await import('./snapshots.ts')
      return snapshotOf(entry, (cid) => keeper.contentOf(entry, cid), signal, id)
    })
  }

  snapshots(pid: string): Promise<SnapshotInfo[]> {
    return this.#init.registry.with(pid, ({ memory }) => memory.snapshots())
  }

  async rewind(pid: string, id: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#init.registry.with(pid, async (entry) => {
      await entry.proc.pause(async () => {
        await entry.memory.goBack(id)
        entry.proc.leaveWorker(true)
      }, signal)
      entry.log.add('process', `Went back to its snapshot ${id}.`)
    })
  }
}
