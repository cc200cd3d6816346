import type { ProcessEntry } from './process-entry.ts'
import { modulesOf } from './process-record.ts'

/** Bytes of modules by CID. */
export type Modules = ReadonlyMap<string, Blob>

/** Time until processes that the store did not take are given to it again, in ms. It doubles with each failure in a row. */
const RETRY_MS = 1000
/** But it doubles at most this many times. */
const MAX_DOUBLINGS = 6

const NO_MODULES: Modules = new Map()

/** What the store has not taken, or not yet, until it does. */
export class UnstoredProcesses {
  readonly #put: (entries: readonly ProcessEntry[]) => Promise<void>
  /** Modules that the store may lack. Whatever writes the record of their process has to bring them along. */
  readonly #modules = new Map<ProcessEntry, Modules>()
  /** Processes that the store refused. Those of one group are stored together, or none of them. */
  #groups: (readonly ProcessEntry[])[] = []
  #failuresInRow = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param put Gives those that are still there to the store. Never rejects. */
  constructor(put: (entries: readonly ProcessEntry[]) => Promise<void>) {
    this.#put = put
  }

  /** Holds modules of a process until they are stored. */
  hold(entry: ProcessEntry, modules: Modules): void {
    const used = new Set(modulesOf(entry.record))
    const all = [...this.modulesOf(entry), ...modules].filter(([cid]) => used.has(cid))
    if (all.length > 0) this.#modules.set(entry, new Map(all))
  }

  modulesOf(entry: ProcessEntry): Modules {
    return this.#modules.get(entry) ?? NO_MODULES
  }

  /** A module that only this has. */
  find(cid: string): Blob | undefined {
    for (const modules of this.#modules.values()) {
      const found = modules.get(cid)
      if (found) return found
    }
    return undefined
  }

  /** @param modules What was stored with it. Others may have come meanwhile. */
  stored(entry: ProcessEntry, modules: Modules): void {
    this.#failuresInRow = 0
    if (this.#modules.get(entry) === modules) this.#modules.delete(entry)
  }

  /** The process is gone. */
  forget(entry: ProcessEntry): void {
    this.#modules.delete(entry)
  }

  /** The store did not take these. */
  refused(entries: readonly ProcessEntry[]): void {
    const isKnown = this.#groups.some((group) => entries.every((entry) => group.includes(entry)))
    if (!isKnown) this.#groups.push(entries)
    if (this.#timer !== undefined) return
    const waitMs = RETRY_MS * 2 ** Math.min(this.#failuresInRow, MAX_DOUBLINGS)
    this.#failuresInRow += 1
    this.#timer = setTimeout(() => void this.retry(), waitMs)
  }

  /** Gives all of them to the store now. Never rejects. */
  async retry(): Promise<void> {
    clearTimeout(this.#timer)
    const groups = this.#groups
    this.#groups = []
    // One that the store refuses once more does not keep the others out.
    // oxlint-disable-next-line no-await-in-loop -- in the order in which they were made
    for (const group of groups) await this.#put(group)
    this.#timer = undefined
    const [again, ...others] = this.#groups
    this.#groups = others
    if (again) this.refused(again)
  }

  /** The peer stops: gives them to the store for the last time. Never rejects. */
  async finish(): Promise<void> {
    await this.retry()
    clearTimeout(this.#timer)
  }
}
