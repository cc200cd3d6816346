import type { GliaError } from '../../glia/errors.ts'
import { type Exit, isAbnormal } from '../../glia/process/exit.ts'
import type { ActorSpec } from '../../glia/process/actor.ts'
import type { Watch } from '../../glia/process/links.ts'
import { changesOfStart, type Policy } from '../../glia/process/policy.ts'
import { Proc, type ProcInit } from '../../glia/process/proc.ts'
import type { InspectedModule } from '../module/inspect.ts'
import type { FileEntry } from '../files/files-api.ts'
import { ProcessMemory } from '../snapshot/process-memory.ts'
import type { SnapshotStore } from '../snapshot/stored-memory.ts'
import { type FileStore, ProcessFiles } from '../files/process-files.ts'
import type { EntryState } from './entry-state.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import { ProcessLog } from './process-log.ts'
import type { ProcessRecord } from './process-record.ts'
import { withinBounds } from '../module/trap-text.ts'
import type { ActorRecorder } from '../worker/worker-actor.ts'

/** The last thing that went wrong in a process. */
export interface LastError {
  error: GliaError
  /** ms since the epoch. */
  at: number
}

/** A killed process, with everything that brings it back. */
export interface KilledProcess {
  record: ProcessRecord
  module: InspectedModule | undefined
  /** The bytes of its modules by CID; empty if nothing is kept. */
  modules: ReadonlyMap<string, Blob>
  /** Its files under `/data`; undefined if they could not be read. */
  files: readonly FileEntry[] | undefined
  /** The watches that other processes had on it. */
  watches: readonly Watch[]
  /** No write of its memory is under way any more, which would bring a part of it back. It never rejects. */
  written: Promise<unknown>
  /** The processes that it had made, which ended with it. */
  children: readonly KilledProcess[]
  /** The store still has all that it had: its memory and its keys come back too. */
  isHidden?: boolean | undefined
}

export interface ProcessEntryInit {
  /** Undefined: nothing is kept. */
  store: (FileStore & SnapshotStore) | undefined
  /** How the actor of the process is started. */
  spec(entry: ProcessEntry): ActorSpec
  /** Called when something has changed that a view shows. */
  changed(): void
  /** Called when an instance has ended, or the process for good. The record has the end. */
  exited(entry: ProcessEntry, exit: Exit, counts: boolean): void
  /** Called before a dead process lives again, which waits for the result. Left out: it does not wait. */
  revives?(entry: ProcessEntry): Promise<void>
  /** Its instances, if it has one for each key. Left out: it has none. */
  keys?(entry: ProcessEntry): KeyedEntries | undefined
  /** The process of which it is the instance of a key. Left out: it is a process. */
  instanceOf?: { readonly whole: ProcessEntry; readonly key: string } | undefined
}

/** A process of this tab with everything that is known of it. */
export class ProcessEntry {
  readonly proc: Proc
  /** Its instances, if it has one for each key. */
  readonly keys: KeyedEntries | undefined
  readonly log: ProcessLog
  /** Its files under `/data`. */
  readonly files: ProcessFiles
  /** What is in its memory, as far as that is kept. */
  readonly memory: ProcessMemory
  lastError: LastError | undefined
  /** What records its messages from its next worker on; undefined: nothing does. */
  recorder: ActorRecorder | undefined
  /** Whether another process makes it, and was not told yet that it is there. */
  isUnborn = false
  /** Whether the store has it, maybe as it was before. Otherwise it does not come back after a restart. */
  persisted = false
  /** The module that it has in the store, as far as that is known. */
  storedCid: string | undefined
  /**
   * Set when the process has ended by its restart type, so that it does not come back with the next page. Resolves to
   * the bytes of its modules by CID, for a restart by hand. Never rejects.
   */
  retired: Promise<ReadonlyMap<string, Blob>> | undefined
  /** Modules of it by CID that the store may lack. Whatever writes its record brings them along. */
  unstored: ReadonlyMap<string, Blob> = new Map()
  /** Contents of its mounts by CID, as far as they are in memory. The others are in the store. */
  mounts: ReadonlyMap<string, Blob> = new Map()
  readonly #init: ProcessEntryInit
  #record: ProcessRecord
  #isKilled = false

  constructor(record: ProcessRecord, init: ProcessEntryInit) {
    this.#record = record
    this.#init = init
    const { instanceOf } = init
    this.log = new ProcessLog(init.changed, instanceOf && { log: instanceOf.whole.log, name: instanceOf.key })
    this.keys = record.key && !instanceOf ? init.keys?.(this) : undefined
    this.files = new ProcessFiles({
      pid: record.pid,
      store: init.store,
      maxBytes: record.policy.maxDataBytes,
      sync: record.policy.sync,
      report: (line) => this.log.add('error', line),
      changed: init.changed,
    })
    this.memory = new ProcessMemory({
      pid: record.pid,
      store: init.store,
      policy: () => this.#record.policy,
      tryPause: (work) => this.proc.tryPause(work),
      report: (line) => this.log.add('process', line),
      changed: init.changed,
    })
    const { pid, name, policy, restart, dead, exits } = record
    const { changed, spec } = init
    const given: ProcInit = {
      pid,
      name,
      policy,
      restart,
      dead,
      exits,
      shorten: withinBounds,
      memory: this.memory,
      meter: instanceOf?.whole.proc.meter,
      calls: instanceOf?.whole.proc.calls,
      ...spec(this),
      observer: {
        changed,
        exited: (exit, counts) => this.#exited(exit, counts),
        revives: async () => init.revives?.(this),
        note: (line) => {
          this.log.flush()
          this.log.add('process', line)
        },
        failed: (error) => this.#failed(error),
        ran: () => this.memory.ran(),
        ranToBeStored: () => this.memory.ranToBeStored(),
        begunAnew: (revived) => this.memory.begunAnew(revived),
      },
    }
    this.proc = this.keys?.proc(given) ?? new Proc(given)
  }

  /** What it is doing, for people. */
  get state(): EntryState {
    const { state } = this.proc
    return state === 'cold' && this.memory.isThere ? 'hibernated' : state
  }

  get record(): ProcessRecord {
    return this.#record
  }

  /** Whether the store has it with its present module. Otherwise it is not after a restart what it is now. */
  get isKept(): boolean {
    return this.persisted && this.storedCid === this.#record.cid
  }

  /** The store has it. From now on its files and its memory are stored too. @param isNew Whether it had not before. */
  isPut({ cid }: ProcessRecord, isNew: boolean): void {
    this.persisted = true
    this.storedCid = cid
    this.files.keep()
    // Otherwise after a crash there would be the memory of one module, and another module.
    if (this.isKept) this.memory.keep(isNew)
  }

  /** The store has refused it, and with it what it has. */
  notPut(): void {
    this.files.notKept()
    this.memory.notKept()
    this.keys?.notKept()
  }

  update(changes: Partial<ProcessRecord>): void {
    this.#record = { ...this.#record, ...changes }
    this.#init.changed()
  }

  /** Changes its policy. @returns the fields that count from the next instance on. */
  setPolicy(policy: Policy): (keyof Policy)[] {
    const later = this.proc.isLive ? changesOfStart(this.#record.policy, policy) : []
    this.proc.policy = policy
    this.keys?.setPolicy(policy)
    if (!this.proc.isLive) this.files.limit(policy)
    const isMemoryNew = this.#record.policy.memory !== policy.memory
    this.update({ policy })
    if (isMemoryNew) this.memory.policyChanged()
    return later
  }

  #exited(exit: Exit, counts: boolean): void {
    this.#isKilled ||= exit.reason.type === 'killed'
    // A guest that leaves by itself has done its work. After any other end it goes on from what was kept.
    if (!isAbnormal(exit.reason)) this.memory.drop()
    this.update({ exits: this.proc.ends.list, dead: this.proc.death })
    this.#init.exited(this, exit, counts)
  }

  #failed(error: GliaError): void {
    this.log.flush()
    // Neither a caller that gave up is a failure of the process, nor what its owner has ended.
    if (error.code === 'ERR_ABORTED' || this.#isKilled) return
    this.lastError = { error, at: Date.now() }
    if (this.#init.instanceOf) this.#init.instanceOf.whole.lastError = this.lastError
    this.log.add('error', `${error.message} ${error.code}`)
  }
}
