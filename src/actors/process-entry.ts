import { GliaError } from '../glia/errors.ts'
import { Proc } from '../glia/proc.ts'
import type { ActorFactory } from '../glia/actor.ts'
import { ProcessLog } from './process-log.ts'
import type { ProcessRecord } from './store.ts'

/** The last thing that went wrong in a process. */
export interface LastError {
  error: GliaError
  /** ms since the epoch. */
  at: number
}

export interface ProcessEntryInit {
  /** Makes what the process runs on. */
  start(entry: ProcessEntry): ActorFactory
  /** Something that a view shows has changed. */
  changed(): void
  /** The process has ended by itself and is not to come back. */
  ended(): void
}

/** A process of this tab with all that is known of it. */
export class ProcessEntry {
  readonly record: ProcessRecord
  readonly proc: Proc
  readonly log: ProcessLog
  lastError: LastError | undefined
  /** False when the browser refused to keep it: it will not come back after a reload. */
  persisted = false

  constructor(record: ProcessRecord, { start, changed, ended }: ProcessEntryInit) {
    this.record = record
    this.log = new ProcessLog(changed)
    this.proc = new Proc({
      pid: record.pid,
      name: record.name,
      methods: record.methods,
      policy: record.policy,
      restart: record.restart,
      start: start(this),
      observer: {
        changed,
        ended,
        note: (line) => {
          this.log.flush()
          this.log.add('process', line)
        },
        failed: (error) => this.#failed(error),
      },
    })
  }

  #failed(error: GliaError): void {
    this.log.flush()
    // A caller that gave up is no fault of the process.
    if (error.code === 'ERR_ABORTED') return
    this.lastError = { error, at: Date.now() }
    this.log.add('error', `${error.message} ${error.code}`)
  }
}
