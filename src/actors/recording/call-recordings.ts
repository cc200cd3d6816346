import type { Message } from '../../glia/process/actor.ts'
import type { ActorRecorder, RecordedActor, RecordedProgram } from '../worker/worker-actor.ts'
import type { CallRecording } from './call-file.ts'
import { readRunRecording, type RunRecording } from './recording.ts'

/** Recorded calls that are kept while the page is open, and their bytes. The oldest go first. */
const MAX_CALLS = 200
const MAX_BYTES = 128 * 1024 * 1024

export interface KeptCallRecording extends CallRecording {
  /** The id of the call in the record of calls. */
  readonly id: number
  readonly pid: string
}

export interface CallRecordingsInit {
  /** Starts a worker of the script that records. */
  createWorker(): Promise<Worker>
  /** Called when a call was recorded, or forgotten. */
  changed(): void
  maxBytes?: number
}

/** A message whose recording has not come. */
interface Running {
  id: number
  at: number
  kept: PromiseWithResolvers<void>
}

/** The recorded calls of this peer, in memory: they are gone with the page, unless they are saved. */
export class CallRecordings {
  readonly #init: CallRecordingsInit
  readonly #calls = new Map<number, KeptCallRecording>()
  #bytes = 0
  /** Calls that are in no record have small numbers. */
  #unnumbered = 0

  constructor(init: CallRecordingsInit) {
    this.#init = init
  }

  get(id: number): KeptCallRecording | undefined {
    return this.#calls.get(id)
  }

  /** The oldest first. */
  list(): KeptCallRecording[] {
    return [...this.#calls.values()]
  }

  /** What records the messages of a process. */
  of(pid: string): ActorRecorder {
    return { createWorker: this.#init.createWorker, begin: (program) => this.#begin(pid, program) }
  }

  #begin(pid: string, program: RecordedProgram): RecordedActor {
    const { port1, port2 } = new MessageChannel()
    /** Messages whose recording has not come, the oldest first. */
    const running: Running[] = []
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      const { id, at, kept } = running.shift() ?? {}
      // A worker that sends more than it was asked for, or something else, is not believed.
      try {
        if (id !== undefined && at !== undefined) this.#keep({ ...readRunRecording(data), ...program, id, at, pid })
      } finally {
        kept?.resolve()
      }
    }
    return {
      port: port2,
      runs: ({ note }: Message) => {
        running.push({ id: note?.id ?? ++this.#unnumbered, at: Date.now(), kept: Promise.withResolvers() })
      },
      ended: async (hasRun) => {
        // It was the last one.
        if (hasRun) await running.at(-1)?.kept.promise
        else running.pop()
      },
    }
  }

  #keep(call: KeptCallRecording): void {
    this.#calls.set(call.id, call)
    this.#bytes += bytesOf(call)
    for (const [id, old] of this.#calls) {
      if (this.#calls.size <= MAX_CALLS && this.#bytes <= (this.#init.maxBytes ?? MAX_BYTES)) break
      this.#calls.delete(id)
      this.#bytes -= bytesOf(old)
    }
    this.#init.changed()
  }
}

function bytesOf({ log, start }: RunRecording): number {
  return (log?.length ?? 0) + (start.kind === 'memory' ? start.bytes.length : 0)
}
