import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import type { Pid } from '../../glia/pid.ts'
import type { ProcessEntry } from './process-entry.ts'
import { modulesOf, type ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import type { RefusedProcesses } from './refused-processes.ts'

/** Bytes of modules by CID. */
type Modules = ReadonlyMap<string, Blob>

const NO_MODULES: Modules = new Map()

export interface ProcessKeeperInit {
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  slot: number
  log: Logger
  /** Whether the process is still in the table. */
  has(entry: ProcessEntry): boolean
  changed(): void
}

/** Keeps processes in a store. A process runs whether it is kept or not. What the store refuses is tried again. */
export class ProcessKeeper {
  readonly #init: ProcessKeeperInit
  /** Processes that are being saved, and whether they have changed since the save began. */
  readonly #saving = new Map<ProcessEntry, boolean>()
  /** Processes whose present records the store did not take. Undefined: there was none. */
  #refused: Promise<RefusedProcesses | undefined> | undefined
  /** The record of a killed process that the store still has. */
  hidden: ((pid: Pid) => ProcessRecord | undefined) | undefined

  constructor(init: ProcessKeeperInit) {
    this.#init = init
  }

  /**
   * The kept processes of this tab's identity. Those that were killed, and that an earlier page could have brought back,
   * are forgotten. @throws {GliaError} ERR_STORAGE
   */
  async all(): Promise<ProcessRecord[]> {
    const records = (await this.#init.store?.processes(this.#init.slot)) ?? []
    for (const { pid, killed } of records) if (killed) void this.forget(pid)
    return records.filter(({ killed }) => !killed)
  }

  /**
   * Keeps a process, with those of the given modules that it has and that are not kept already. Never rejects.
   * @param tied Processes in the store whose records change with it: after a crash all of them are as they are now, or
   * none is.
   */
  async keep(entry: ProcessEntry, modules: Modules, tied: readonly ProcessEntry[] = []): Promise<void> {
    const used = modulesOf(entry.record)
    entry.unstored = new Map([...entry.unstored, ...modules].filter(([cid]) => used.includes(cid)))
    await this.#put([entry, ...inStore(tied)])
  }

  /** Keeps the records of those of the processes that are in the store, all or none. Never rejects. */
  async keepRecords(entries: readonly ProcessEntry[]): Promise<void> {
    const kept = inStore(entries)
    if (kept.length > 0) await this.#put(kept)
  }

  /** Its record has changed: keeps it. Many changes at once are few writes. */
  save(entry: ProcessEntry): void {
    if (!entry.persisted || entry.retired) return
    const isSaving = this.#saving.has(entry)
    this.#saving.set(entry, isSaving)
    if (!isSaving) void this.#saveAll(entry)
  }

  /** The process will not come back with the next page, and stays in this one. */
  retire(entry: ProcessEntry): void {
    const files = entry.files.release()
    const memory = entry.memory.hold()
    const retired: Promise<Modules> = Promise.all([this.modules(entry.record), files, memory]).then(
      ([modules, held]) => {
        // Its files could not be read. It comes back, dead, so that they are not deleted. Set before a running write can
        // look.
        if (!held && entry.retired === retired) {
          entry.retired = undefined
          this.save(entry)
        }
        return modules
      },
    )
    entry.retired = retired
    void retired.then(() => (entry.retired === retired ? this.forget(entry.record.pid) : undefined))
  }

  /** The process will come back after all, because it is to live again. */
  async unretire(entry: ProcessEntry): Promise<void> {
    const { retired } = entry
    if (!retired) return
    entry.retired = undefined
    // It was forgotten, or is about to be. A full store does not take it again.
    entry.persisted = false
    entry.storedCid = undefined
    await this.keep(entry, await retired)
  }

  /** A process that is gone stays gone, even if the store fails. At worst it comes back with the next page. */
  async forget(pid: Pid): Promise<void> {
    try {
      await this.#init.store?.deleteProcess(pid)
    } catch (thrown) {
      this.#init.log.warn('a process could not be forgotten:', toGliaError(thrown).message)
    }
  }

  /** The peer stops: what the store did not take is tried for the last time. Never rejects. */
  async finish(): Promise<void> {
    await (await this.#refused)?.finish()
  }

  /** The bytes of the modules of a process, as far as they are kept. */
  async modules(record: ProcessRecord): Promise<Modules> {
    const read = modulesOf(record).map(async (cid) => [cid, await this.#module(cid)] as const)
    return new Map((await Promise.all(read)).flatMap(([cid, blob]) => (blob ? [[cid, blob] as const] : [])))
  }

  /** A module of a process, or a file of it outside of `/data`. @throws {GliaError} ERR_STORAGE */
  async contentOf(entry: ProcessEntry, cid: string): Promise<Blob> {
    return (await entry.retired)?.get(cid) ?? entry.mounts.get(cid) ?? entry.unstored.get(cid) ?? this.load(cid)
  }

  /** @throws {GliaError} ERR_STORAGE */
  async load(cid: string): Promise<Blob> {
    const blob = await this.#init.store?.module(cid)
    if (!blob) throw new GliaError('ERR_STORAGE', `The module ${cid} is gone from the storage here: add it again.`)
    return blob
  }

  async #module(cid: string): Promise<Blob | undefined> {
    try {
      return await this.#init.store?.module(cid)
    } catch (thrown) {
      this.#init.log.warn('a module could not be read:', toGliaError(thrown).message)
      return undefined
    }
  }

  async #put(entries: readonly ProcessEntry[]): Promise<void> {
    const { store, log } = this.#init
    const written = entries.map((entry): Written => {
      return { entry, record: entry.record, isNew: !entry.persisted, modules: entry.unstored }
    })
    const records = written.map(({ record }) => record)
    const modules = new Map(written.flatMap((each) => [...each.modules]))
    try {
      await store?.putProcesses(records, modules.size > 0 ? modules : undefined)
      await Promise.all(written.map((each) => this.#isPut(each)))
    } catch (thrown) {
      const there = entries.filter((entry) => this.#notPut(entry))
      if (there.length > 0) {
        log.warn('a process could not be kept', thrown)
        const refused = await (this.#refused ??= this.#loadRefused())
        refused?.add(there, toGliaError(thrown).message)
      }
    }
    this.#init.changed()
  }

  async #loadRefused(): Promise<RefusedProcesses | undefined> {
    const { has, log } = this.#init
    try {
      const { RefusedProcesses: Loaded } = await import('./later.ts')
      return new Loaded({ has, put: (entries) => this.#put(entries) })
    } catch (thrown) {
      // The next one that is refused tries again.
      this.#refused = undefined
      log.warn('a process is not tried again:', thrown)
      return undefined
    }
  }

  async #isPut({ entry, record, isNew, modules }: Written): Promise<void> {
    const { store, has } = this.#init
    // The files and modules are read before they are forgotten.
    if (entry.retired) await entry.retired
    if (entry.unstored === modules) entry.unstored = NO_MODULES
    // It was killed meanwhile, or has ended for good. From then on its files are held, and not stored.
    if (!has(entry)) {
      const hidden = this.hidden?.(record.pid)
      return hidden ? store?.putProcesses([hidden]) : this.forget(record.pid)
    }
    if (store) {
      entry.isPut(record, isNew)
      entry.keys?.kept()
    }
    void this.#refused?.then((refused) => refused?.stored(entry))
    // Until now nothing of a new process was saved.
    if (entry.record !== record) this.save(entry)
  }

  /** @returns whether the process is there: one that was killed meanwhile is not to be kept. */
  #notPut(entry: ProcessEntry): boolean {
    if (entry.persisted && !entry.isKept) entry.memory.withhold()
    entry.notPut()
    return this.#init.has(entry)
  }

  async #saveAll(entry: ProcessEntry): Promise<void> {
    do {
      this.#saving.set(entry, false)
      await this.keepRecords([entry])
    } while (this.#saving.get(entry) === true)
    this.#saving.delete(entry)
  }
}

/** A process as it is given to the store. */
interface Written {
  readonly entry: ProcessEntry
  readonly record: ProcessRecord
  readonly isNew: boolean
  /** Modules that the store may lack. */
  readonly modules: Modules
}

/** A process that is not in the store gets there with its modules, and with nothing else. */
function inStore(entries: readonly ProcessEntry[]): ProcessEntry[] {
  return entries.filter(({ persisted, retired }) => persisted && !retired)
}
