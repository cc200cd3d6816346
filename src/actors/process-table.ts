import type { Actor, ActorFactory } from '../glia/actor.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
import { newPid, type Pid } from '../glia/pid.ts'
import type { Proc } from '../glia/proc.ts'
import { cidOf } from './cid.ts'
import { inspectModule } from './inspect.ts'
import { ProcessEntry } from './process-entry.ts'
import { completeSpawnOptions, type SpawnOptions } from './spawn-options.ts'
import type { ProcessRecord, Store } from './store.ts'
import { startWorkerActor } from './worker-actor.ts'
import type { TierName } from './worker-api.ts'

/** Workers that live at once. Chromium holds about 124 live wasm memories per renderer (FACTS 2.6). */
const LIVE_LIMIT = 100

export interface ProcessTableInit {
  /** Identity that the processes belong to. */
  slot: number
  peerId: string
  /** undefined: nothing is kept. */
  store: Store | undefined
  tier: TierName
  /** Starts the actor worker's script. */
  createWorker(): Promise<Worker>
  log: Logger
  /** Something that a view shows has changed. Called often: the listener thins it out. */
  changed(): void
}

export interface SpawnSteps {
  signal?: AbortSignal | undefined
  onStage?: ((stage: 'compiling' | 'starting') => void) | undefined
}

/** The processes of this tab: makes them, keeps them across reloads, ends them. */
export class ProcessTable {
  readonly #init: ProcessTableInit
  readonly #entries = new Map<string, ProcessEntry>()
  /** Compiled modules by CID, as long as a process has them. */
  readonly #modules = new Map<string, Promise<WebAssembly.Module>>()
  #live = 0
  #root: Pid | undefined

  constructor(init: ProcessTableInit) {
    this.#init = init
  }

  /** PID of the bundled root process. @throws {GliaError} ERR_NO_PROC before it is there. */
  get rootPid(): Pid {
    if (!this.#root) throw new GliaError('ERR_NO_PROC', 'The root process is not there yet.')
    return this.#root
  }

  get(pid: string): Proc | undefined {
    return this.#entries.get(pid)?.proc
  }

  /** Root first, then in the order they were made. */
  get entries(): ProcessEntry[] {
    return [...this.#entries.values()].sort((a, b) => Number(b.record.root) - Number(a.record.root))
  }

  /** Brings back, cold, what the store has of this identity. */
  async restore(): Promise<void> {
    for (const record of (await this.#init.store?.processes(this.#init.slot)) ?? []) this.#add(record).persisted = true
    this.#init.changed()
  }

  /** Sees that there is a root process, with the module given. A root of an older build keeps its PID. */
  async ensureRoot(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const old = this.entries.find(({ record }) => record.root)
    if (old) {
      this.#root = old.record.pid
      if (old.record.cid === (await cidOf(bytes))) return
      await this.#remove(
        old,
        new GliaError('ERR_PROC_STOPPED', 'The root process is replaced by that of a newer build.'),
      )
    }
    const root = { pid: old?.record.pid ?? newPid(), createdAt: old?.record.createdAt ?? 0, root: true }
    this.#root = (await this.#make(bytes, { name: 'root' }, {}, root)).record.pid
  }

  /**
   * Makes a process of a module and starts it.
   * @throws {GliaError} ERR_BAD_MODULE, ERR_BAD_REQUEST or ERR_START if it is refused: there is no process then; the
   * signal's reason.
   */
  async spawn(bytes: Uint8Array<ArrayBuffer>, options: SpawnOptions, steps: SpawnSteps = {}): Promise<Pid> {
    const made = await this.#make(bytes, options, steps, { pid: newPid(), createdAt: Date.now(), root: false })
    return made.record.pid
  }

  /**
   * Ends a process and forgets it.
   * @returns what {@link revive} takes, while the page is open.
   * @throws {GliaError} ERR_NO_PROC, or ERR_DENIED for the root process.
   */
  async kill(pid: string): Promise<KilledProcess> {
    const entry = this.#entries.get(pid)
    if (!entry) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
    if (entry.record.root) throw new GliaError('ERR_DENIED', 'The root process cannot be killed: every peer has one.')
    const reason = new GliaError('ERR_PROC_STOPPED', 'The process was killed.')
    entry.proc.kill(reason)
    const { record } = entry
    const killed = { record, module: this.#modules.get(record.cid), bytes: await this.#stored(record.cid) }
    await this.#remove(entry, reason)
    return killed
  }

  /** Undoes a kill: the same PID and module, a fresh state. */
  async revive({ record, module, bytes }: KilledProcess): Promise<void> {
    if (module) this.#modules.set(record.cid, module)
    const entry = this.#add(record)
    await this.#keep(entry, bytes && new Uint8Array(await bytes.arrayBuffer()))
  }

  async #make(
    bytes: Uint8Array<ArrayBuffer>,
    given: SpawnOptions,
    { signal, onStage }: SpawnSteps,
    fixed: Pick<ProcessRecord, 'pid' | 'createdAt' | 'root'>,
  ): Promise<ProcessEntry> {
    const options = completeSpawnOptions(given, 'actor')
    onStage?.('compiling')
    const { module, methods } = await inspectModule(bytes, options.policy.maxMemoryBytes)
    const cid = await cidOf(bytes)
    signal?.throwIfAborted()
    const record = { ...options, ...fixed, cid, methods, slot: this.#init.slot, moduleBytes: bytes.length }
    if (!this.#modules.has(cid)) this.#modules.set(cid, Promise.resolve(module))
    const entry = this.#add(record)
    onStage?.('starting')
    try {
      await entry.proc.warmUp(signal)
    } catch (thrown) {
      const error = toGliaError(thrown, 'ERR_START')
      // With every worker taken it stays cold, and starts when there is room.
      if (error.code !== 'ERR_LIVE_LIMIT') {
        await this.#remove(entry, error)
        throw error
      }
    }
    await this.#keep(entry, bytes)
    return entry
  }

  #add(record: ProcessRecord): ProcessEntry {
    const entry = new ProcessEntry(record, {
      start: (made) => this.#factory(made),
      changed: this.#init.changed,
      ended: () => void this.#forget(record.pid),
    })
    this.#entries.set(record.pid, entry)
    this.#init.changed()
    return entry
  }

  async #keep(entry: ProcessEntry, bytes: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    try {
      await this.#init.store?.putProcess(entry.record, bytes)
      entry.persisted = this.#init.store !== undefined
      // It may have been killed meanwhile.
      if (this.#entries.get(entry.record.pid) !== entry) await this.#forget(entry.record.pid)
    } catch (thrown) {
      entry.log.add('error', `${toGliaError(thrown).message} The process runs, but will not come back after a reload.`)
      this.#init.log.warn('a process could not be kept', thrown)
    }
    this.#init.changed()
  }

  async #remove(entry: ProcessEntry, reason: GliaError): Promise<void> {
    const { pid, cid } = entry.record
    entry.proc.kill(reason)
    this.#entries.delete(pid)
    if (!this.entries.some(({ record }) => record.cid === cid)) this.#modules.delete(cid)
    this.#init.changed()
    await this.#forget(pid)
  }

  /** A process that is gone is gone, whatever the store says; at worst it comes back with the next page. */
  async #forget(pid: Pid): Promise<void> {
    try {
      await this.#init.store?.deleteProcess(pid)
    } catch (thrown) {
      this.#init.log.warn('a process could not be forgotten:', toGliaError(thrown).message)
    }
  }

  /** The bytes of a module, for bringing a process back; undefined if the store does not give them. */
  async #stored(cid: string): Promise<Blob | undefined> {
    try {
      return await this.#init.store?.module(cid)
    } catch (thrown) {
      this.#init.log.warn('a module could not be read:', toGliaError(thrown).message)
      return undefined
    }
  }

  #factory(entry: ProcessEntry): ActorFactory {
    return async (signal): Promise<Actor> => {
      const { record } = entry
      if (this.#live >= LIVE_LIMIT) {
        throw new GliaError(
          'ERR_LIVE_LIMIT',
          `${LIVE_LIMIT} processes are running in this tab already: kill one first.`,
        )
      }
      // Counted from here, so that many starts at once cannot pass the limit together.
      this.#live += 1
      let counted = true
      const release = (): void => {
        if (counted) this.#live -= 1
        counted = false
      }
      try {
        return await startWorkerActor({
          program: {
            module: await this.#module(record),
            args: [record.name, ...record.args],
            env: this.#environment(record),
            methods: record.methods,
          },
          tier: this.#init.tier,
          createWorker: this.#init.createWorker,
          onStderr: (bytes) => entry.log.write(bytes),
          onTrap: (frames) => {
            for (const frame of frames) entry.log.add('process', frame)
          },
          onStopped: release,
          signal,
        })
      } catch (thrown) {
        release()
        throw thrown
      }
    }
  }

  #environment({ pid, env }: ProcessRecord): string[] {
    return Object.entries({ ...env, WW_PID: pid, WW_PEER: this.#init.peerId }).map(([key, value]) => `${key}=${value}`)
  }

  #module(record: ProcessRecord): Promise<WebAssembly.Module> {
    const known = this.#modules.get(record.cid)
    if (known) return known
    const loaded = this.#load(record)
    this.#modules.set(record.cid, loaded)
    // A failure is not kept: the next message tries again.
    loaded.catch(() => this.#modules.delete(record.cid))
    return loaded
  }

  async #load({ cid }: ProcessRecord): Promise<WebAssembly.Module> {
    const blob = await this.#init.store?.module(cid)
    if (!blob) throw new GliaError('ERR_STORAGE', `The module ${cid} is gone from the browser’s storage: add it again.`)
    return WebAssembly.compile(await blob.arrayBuffer())
  }
}

/** A process that was killed, and what brings it back. */
export interface KilledProcess {
  record: ProcessRecord
  /** Its compiled module, unless it was cold. */
  module: Promise<WebAssembly.Module> | undefined
  /** Its module's bytes, unless nothing is kept. */
  bytes: Blob | undefined
}
