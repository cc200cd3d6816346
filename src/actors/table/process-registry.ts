import { GliaError } from '../../glia/errors.ts'
import { cut, keyIn, processOf } from '../../glia/instance-key.ts'
import type { Proc } from '../../glia/process/proc.ts'
import type { Watched } from '../../glia/process/told-end.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import type { ProcessEntry } from './process-entry.ts'

/** Killed processes that are remembered, for watchers at other peers that were away. */
const MAX_KILLED = 256

/** The processes of a peer by their PIDs. It finds a process, or its instance of a key. */
export class ProcessRegistry {
  readonly #entries = new Map<string, ProcessEntry>()
  /** The processes that were killed last, by PID. */
  readonly #killed = new Map<string, Watched>()

  /** Root first, then by age. */
  get all(): ProcessEntry[] {
    return [...this.#entries.values()].sort((a, b) => Number(b.record.root) - Number(a.record.root))
  }

  /** @param pid Of a process, and not of one of its instances. */
  get(pid: string): ProcessEntry | undefined {
    return this.#entries.get(pid)
  }

  /** Whether it is there, and not another process under its PID. */
  has(entry: ProcessEntry): boolean {
    return this.#entries.get(entry.record.pid) === entry
  }

  add(entry: ProcessEntry): void {
    this.#entries.set(entry.record.pid, entry)
    this.#killed.delete(entry.record.pid)
  }

  /** Removes a process, of which only what its watchers must know is remembered, for a while. */
  remove(entry: ProcessEntry): void {
    // Not the process itself, which has the log of its calls.
    const { pid, policy, methods, state, ends } = entry.proc
    this.#entries.delete(pid)
    this.#killed.set(pid, { policy, methods, state, ends })
    const [oldest] = this.#killed.keys()
    if (this.#killed.size > MAX_KILLED && oldest !== undefined) this.#killed.delete(oldest)
  }

  /** What the watchers of a process must know of it, also of one that was killed not long ago. */
  watched(pid: string): Watched | undefined {
    return this.get(processOf(pid))?.proc ?? this.#killed.get(pid)
  }

  /** The processes that a process has made. */
  childrenOf(pid: string): ProcessEntry[] {
    return this.all.filter(({ record }) => record.parent === pid)
  }

  /** Those that run a module, or did before their last swap. */
  having(cid: string): ProcessEntry[] {
    return this.all.filter(({ record }) => record.cid === cid || record.previous?.cid === cid)
  }

  /** All that may have a worker: processes, and instances of keys. */
  *procs(): Iterable<Proc> {
    for (const { proc, keys } of this.#entries.values()) {
      if (keys) yield* keys.all()
      else yield proc
    }
  }

  /** A process, and not one of its instances. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  find(pid: string): ProcessEntry {
    const entry = this.get(pid)
    if (entry) return entry
    if (keyIn(pid) === undefined || !this.#entries.has(processOf(pid))) {
      throw new GliaError('ERR_NO_PROC', `This peer has no process ${processOf(pid)}.`)
    }
    throw new GliaError('ERR_BAD_REQUEST', 'This is done with the process, and not with one of its keys.')
  }

  /** Like {@link find}. @throws {GliaError} ERR_DENIED for the root process */
  findNotRoot(pid: string, what: string): ProcessEntry {
    const entry = this.find(pid)
    if (entry.record.root) throw new GliaError('ERR_DENIED', `The root process cannot ${what}: every peer has its own.`)
    return entry
  }

  /** The instances of the process of which the PID names one. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  findKeys(pid: string): KeyedEntries {
    const { record, keys } = this.find(processOf(pid))
    if (keys) return keys
    throw new GliaError('ERR_BAD_REQUEST', `${record.name} has no keys: leave the key out.`)
  }

  /** Does something with a process, or with the instance of a key. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  async with<T>(pid: string, work: (entry: ProcessEntry) => Promise<T>): Promise<T> {
    const [whole, key] = cut(pid)
    if (key !== undefined) return this.findKeys(pid).with(key, work)
    const entry = this.find(whole)
    if (!entry.keys) return work(entry)
    throw new GliaError(
      'ERR_BAD_REQUEST',
      `${entry.record.name} has an instance for each key: say which, as {pid}:{key}.`,
    )
  }
}
