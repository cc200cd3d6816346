import { GliaError, toGliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
import type { Pid } from '../glia/pid.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessRecord, ProcessStore } from './store.ts'

/** Bytes of modules by CID. */
type Modules = ReadonlyMap<string, Blob>

export interface ProcessKeeperInit {
  /** undefined: nothing is kept. */
  store: ProcessStore | undefined
  slot: number
  log: Logger
  /** Whether the process is still one of the table. */
  has(entry: ProcessEntry): boolean
  changed(): void
}

/** Keeps the processes of a tab across reloads, as far as the browser does. A process runs whether it is kept or not. */
export class ProcessKeeper {
  readonly #init: ProcessKeeperInit
  /** Processes that are being saved, and whether they have changed since that began. */
  readonly #saving = new Map<ProcessEntry, boolean>()

  constructor(init: ProcessKeeperInit) {
    this.#init = init
  }

  /** What is kept of this tab's identity. @throws {GliaError} ERR_STORAGE */
  async all(): Promise<ProcessRecord[]> {
    return (await this.#init.store?.processes(this.#init.slot)) ?? []
  }

  /** Keeps a process, with those of its modules that are given and not kept already. Never rejects. */
  async keep(entry: ProcessEntry, modules?: Modules): Promise<void> {
    const { store, log } = this.#init
    try {
      await store?.putProcess(entry.record, modules)
      entry.persisted = store !== undefined
      entry.files.keep()
      // It may have been killed meanwhile.
      if (!this.#init.has(entry)) await this.forget(entry.record.pid)
    } catch (thrown) {
      const lost = entry.persisted ? 'after a reload it is as it was before' : 'it will not come back after a reload'
      entry.log.add('error', `${toGliaError(thrown).message} The process runs, but ${lost}.`)
      log.warn('a process could not be kept', thrown)
    }
    this.#init.changed()
  }

  /** Its record has changed: keeps that. Many changes at once are few writes. */
  save(entry: ProcessEntry): void {
    if (!entry.persisted) return
    const isSaving = this.#saving.has(entry)
    this.#saving.set(entry, isSaving)
    if (!isSaving) void this.#saveAll(entry)
  }

  /** The process is not to come back with the next page, and stays in this one. */
  retire(entry: ProcessEntry): void {
    const { pid, cid } = entry.record
    const bytes = entry.files.release().then(() => this.module(cid))
    entry.retired = bytes
    void bytes.then(() => (entry.retired === bytes ? this.forget(pid) : undefined))
  }

  /** It is, after all: it lives again. */
  async unretire(entry: ProcessEntry): Promise<void> {
    const { retired } = entry
    if (!retired) return
    entry.retired = undefined
    const module = await retired
    await this.keep(entry, module && new Map([[entry.record.cid, module]]))
  }

  /** A process that is gone is gone, whatever the store says; at worst it comes back with the next page. */
  async forget(pid: Pid): Promise<void> {
    try {
      await this.#init.store?.deleteProcess(pid)
    } catch (thrown) {
      this.#init.log.warn('a process could not be forgotten:', toGliaError(thrown).message)
    }
  }

  /** The bytes of a module; undefined if the browser does not give them. */
  async module(cid: string): Promise<Blob | undefined> {
    try {
      return await this.#init.store?.module(cid)
    } catch (thrown) {
      this.#init.log.warn('a module could not be read:', toGliaError(thrown).message)
      return undefined
    }
  }

  /** @throws {GliaError} ERR_STORAGE */
  async load(cid: string): Promise<Blob> {
    const blob = await this.#init.store?.module(cid)
    if (!blob) throw new GliaError('ERR_STORAGE', `The module ${cid} is gone from the browser’s storage: add it again.`)
    return blob
  }

  async #saveAll(entry: ProcessEntry): Promise<void> {
    do {
      this.#saving.set(entry, false)
      await this.keep(entry)
    } while (this.#saving.get(entry) === true)
    this.#saving.delete(entry)
  }
}
