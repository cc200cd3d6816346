import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import type { Pid } from '../../glia/pid.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import { MAX_STOP_MS, storeAndEnd } from './stop-processes.ts'

// Loaded with the first kill that may be undone.

/** Killed processes that stay in the store. */
const MAX_HIDDEN = 64

export interface HiddenProcessesInit {
  store: ProcessStore
  log: Logger
  /** Deletes a process with all that it has. Never rejects. */
  forget(pid: Pid): Promise<void>
}

/** Killed processes that the store still has with their memory, files and keys, for an undo. Nobody finds them. */
export class HiddenProcesses {
  readonly #init: HiddenProcessesInit
  /** By PID, the oldest kill first. */
  readonly #records = new Map<Pid, ProcessRecord>()

  constructor(init: HiddenProcessesInit) {
    this.#init = init
  }

  get(pid: Pid): ProcessRecord | undefined {
    return this.#records.get(pid)
  }

  /**
   * A killed process stays in the store until it is {@link reveal}ed, the page ends, or many others were killed. Never
   * rejects. @returns whether it does
   */
  async hide(record: ProcessRecord): Promise<boolean> {
    const { store, log, forget } = this.#init
    const hidden = { ...record, killed: true }
    this.#records.set(record.pid, hidden)
    try {
      await store.putProcesses([hidden])
    } catch (thrown) {
      this.#records.delete(record.pid)
      log.warn('a killed process could not be kept:', toGliaError(thrown).message)
      return false
    }
    const [oldest] = this.#records.keys()
    if (this.#records.size > MAX_HIDDEN && oldest !== undefined) {
      this.#records.delete(oldest)
      await forget(oldest)
    }
    return true
  }

  /** A hidden process comes back. @throws {GliaError} ERR_BAD_REQUEST if it is hidden no more; ERR_STORAGE */
  async reveal(record: ProcessRecord): Promise<void> {
    const hidden = this.#records.get(record.pid)
    if (!hidden) {
      const words = `${record.name} cannot come back: only the last ${MAX_HIDDEN} kills can be undone, and each of them once.`
      throw new GliaError('ERR_BAD_REQUEST', words)
    }
    this.#records.delete(record.pid)
    try {
      await this.#init.store.putProcesses([record])
    } catch (thrown) {
      this.#records.set(record.pid, hidden)
      throw thrown
    }
  }

  /** The page ends, and with it their way back. Never rejects. */
  async forgetAll(): Promise<void> {
    const gone = [...this.#records.keys()]
    this.#records.clear()
    await Promise.all(gone.map((pid) => this.#init.forget(pid)))
  }
}

/**
 * Stores what a process has in memory and under `/data`, if no message runs, and ends it. Never rejects.
 * @returns whether its files are stored
 */
export async function storeBeforeKill(entry: ProcessEntry): Promise<boolean> {
  const late = AbortSignal.timeout(MAX_STOP_MS)
  const instances = [entry, ...(entry.keys?.entries ?? [])]
  await storeAndEnd(entry, (proc) => proc.kill(), late)
  const waiting = instances.filter(({ files }) => !files.isAtRest)
  await Promise.all(waiting.map(({ files }) => orAborted(files.stored(), late).catch(() => false)))
  return entry.files.isAtRest
}
