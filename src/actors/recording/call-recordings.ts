import { type ErrorCode, GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import type { Message } from '../../glia/process/actor.ts'
import { fields } from '../../glia/untrusted.ts'
import type { ActorRecorder, RecordedActor, RecordedProgram } from '../worker/worker-actor.ts'
import type { CallFile, CallRecording } from './call-file.ts'
import { missingOf, type RecordedEnd, readRunRecording, readSharedLog, type RunBegin } from './recording.ts'

/** Recorded calls that are kept, and their bytes. The oldest go first. */
const MAX_CALLS = 200
const MAX_BYTES = 128 * 1024 * 1024

const later = () => import('./later.ts')

/** A recorded call, without what was recorded. */
export interface RecordedCall {
  /** The id of the call in the record of calls. */
  readonly id: number
  readonly pid: string
  readonly cid: string
  /** What the process was called. */
  readonly name: string
  readonly method: string
  /** When the call began, in ms since the epoch. */
  readonly at: number
  /** Why it cannot be replayed, in a sentence; undefined if it can be. */
  readonly missing: string | undefined
}

export interface KeptRecording extends RecordedCall {
  /** As `encodeCallFile` makes it, without the module; undefined if the call cannot be replayed. */
  readonly file: Blob | undefined
}

/** Keeps recorded calls across reloads. Never rejects: what it cannot keep is in memory. */
export interface RecordingStore {
  /** The oldest first. */
  all(): Promise<readonly KeptRecording[]>
  put(recording: KeptRecording): Promise<void>
  remove(ids: readonly number[]): Promise<void>
}

export interface CallRecordingsInit {
  /** Starts a worker of the script that records. */
  createWorker(): Promise<Worker>
  /** Called when a call was recorded, or forgotten. */
  changed(): void
  log: Logger
  /** Left out: they are in memory only. */
  store?: RecordingStore | undefined
  maxBytes?: number
}

/** A message whose recording has not come. */
interface Running {
  id: number
  at: number
  kept: PromiseWithResolvers<void>
  /** What its worker said when it began. It may be anything. */
  begin?: unknown
  /** Its worker was ended. */
  cut?: RecordedEnd
}

/** The recorded calls of this peer. */
export class CallRecordings {
  readonly #init: CallRecordingsInit
  #calls = new Map<number, KeptRecording>()
  #bytes = 0
  /** Calls that are in no record have small numbers. */
  #unnumbered = 0
  #restored: Promise<void> | undefined

  constructor(init: CallRecordingsInit) {
    this.#init = init
  }

  /** Brings those of earlier pages back. Never rejects. */
  restore(): Promise<void> {
    this.#restored ??= this.#restore()
    return this.#restored
  }

  get(id: number): RecordedCall | undefined {
    return this.#calls.get(id)
  }

  /** The oldest first. */
  list(): RecordedCall[] {
    return [...this.#calls.values()]
  }

  /** All of a call. @throws {GliaError} ERR_BAD_REQUEST if it is not kept, or cannot be replayed. */
  async load(id: number): Promise<CallRecording> {
    return (await (await later()).decodeCallFile(this.#fileOf(id))).call
  }

  /** The file of a call, with the bytes of its module if they are given. @throws {GliaError} like {@link load} */
  async save(id: number, module: CallFile['module']): Promise<Blob> {
    if (!module) return this.#fileOf(id)
    return (await later()).encodeCallFile({ call: await this.load(id), module })
  }

  /** Forgets all, also those of earlier pages. */
  async clear(): Promise<void> {
    await this.restore()
    await this.#forget([...this.#calls.keys()])
    this.#init.changed()
  }

  /** What records the messages of a process. */
  of(pid: string): ActorRecorder {
    const createWorker = async (): Promise<Worker> => {
      // What is needed to keep a call is there before the first one. If it cannot be loaded, the log says so later.
      await Promise.allSettled([later(), this.restore()])
      return this.#init.createWorker()
    }
    return { createWorker, begin: (program) => this.#begin(pid, program) }
  }

  #begin(pid: string, program: RecordedProgram): RecordedActor {
    const { port1, port2 } = new MessageChannel()
    /** Messages whose recording has not come, the oldest first. */
    const running: Running[] = []
    /** The message that runs, or ran last. Its recording may come before its end. */
    let last: Running | undefined
    const finish = (message: Running, rest: object): void => {
      running.splice(running.indexOf(message), 1)
      const { id, at, begin } = message
      const keeping = this.#keep({ ...program, at, ...fields(begin), ...rest }, id, pid)
      void keeping.finally(() => message.kept.resolve())
    }
    const cut = (message: Running, end: RecordedEnd): void => {
      const { start, shared } = fields(message.begin) as Partial<RunBegin>
      const isShared = 'SharedArrayBuffer' in globalThis && shared instanceof SharedArrayBuffer
      const why = 'the program was ended before it was done, and its memory is not shared'
      finish(message, isShared ? { start, log: readSharedLog(shared), end } : { start: { kind: 'missing', why }, end })
    }
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      const [message] = running
      // A worker that says more than it was asked for is not listened to.
      if (!message) return
      const { end, log } = fields(data)
      if (end !== undefined) return finish(message, { end, log })
      message.begin = data
      if (message.cut) cut(message, message.cut)
    }
    return {
      port: port2,
      runs: ({ note }: Message) => {
        last = { id: note?.id ?? ++this.#unnumbered, at: Date.now(), kept: Promise.withResolvers() }
        running.push(last)
      },
      ended: async (hasRun) => {
        if (hasRun) await last?.kept.promise
        else running.pop()
      },
      cut: ({ code }) => {
        const [message] = running
        if (!message) return
        message.cut = { status: CUT_NAMES[code] ?? 'stopped', code: 0 }
        // Otherwise what the worker has said is still on its way.
        if (message.begin !== undefined) cut(message, message.cut)
      },
    }
  }

  async #keep(told: object, id: number, pid: string): Promise<void> {
    try {
      const { cid, name, args, env, maxMemoryBytes, at, ...run } = told as CallRecording
      // What a worker says is checked.
      const call: CallRecording = { ...readRunRecording(run), cid, name, args, env, maxMemoryBytes, at }
      const missing = missingOf(call)
      const file = missing === undefined ? await (await later()).encodeCallFile({ call, module: undefined }) : undefined
      await this.restore()
      await this.#add({ id, pid, cid, name, method: call.method, at, missing, file })
    } catch (thrown) {
      this.#init.log.warn('a call could not be recorded:', thrown)
    }
  }

  async #add(call: KeptRecording): Promise<void> {
    this.#calls.set(call.id, call)
    this.#bytes += bytesOf(call)
    const { store, changed } = this.#init
    // The other calls are not in the record of calls, so no page leads to them after a reload.
    const isNumbered = call.id > this.#unnumbered
    await Promise.all([isNumbered && store?.put(call), this.#forget(this.#surplus())])
    changed()
  }

  /** The oldest calls that are too many. */
  #surplus(): number[] {
    const ids: number[] = []
    let [count, bytes] = [this.#calls.size, this.#bytes]
    for (const [id, call] of this.#calls) {
      if (count <= MAX_CALLS && bytes <= (this.#init.maxBytes ?? MAX_BYTES)) break
      ids.push(id)
      count -= 1
      bytes -= bytesOf(call)
    }
    return ids
  }

  async #forget(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    for (const id of ids) {
      this.#bytes -= bytesOf(this.#calls.get(id))
      this.#calls.delete(id)
    }
    await this.#init.store?.remove(ids)
  }

  async #restore(): Promise<void> {
    const kept = (await this.#init.store?.all()) ?? []
    if (kept.length === 0) return
    this.#calls = new Map([...kept.map((call) => [call.id, call] as const), ...this.#calls])
    this.#bytes = [...this.#calls.values()].reduce((sum, call) => sum + bytesOf(call), 0)
    this.#init.changed()
  }

  #fileOf(id: number): Blob {
    const { missing, file } = this.#calls.get(id) ?? {}
    if (file) return file
    throw new GliaError(
      'ERR_BAD_REQUEST',
      missing === undefined
        ? 'What this call read was not recorded, or is not kept any more. Record the calls of its process, and call it again.'
        : `The call cannot be replayed. ${missing}`,
    )
  }
}

/** Why the worker of a message was ended. */
const CUT_NAMES: Partial<Record<ErrorCode, RecordedEnd['status']>> = { ERR_DEADLINE: 'late', ERR_ABORTED: 'cancelled' }

function bytesOf(call: KeptRecording | undefined): number {
  return call?.file?.size ?? 0
}
