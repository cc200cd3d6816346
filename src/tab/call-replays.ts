import { type ReadonlySignal, signal } from '@preact/signals'
import type { CallFile } from '../actors/recording/call-file.ts'
import { CallRecordings, type RecordedCall, type RecordingStore } from '../actors/recording/call-recordings.ts'
import { switchRecorder } from '../actors/recording/switch-recorder.ts'
import { cidOf } from '../actors/module/cid.ts'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import { GliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
import type { CallReplaysSource, ReplayedCall } from '../ui/model.ts'

const later = () => import('../actors/recording/later.ts')

export interface CallReplaysInit {
  table: ProcessTable
  /** Starts a worker of the script that records and replays. */
  createWorker(): Promise<Worker>
  store: RecordingStore
  log: Logger
}

/** The calls of this tab that are recorded with all that their programs read, and calls from files. */
export class CallReplays implements CallReplaysSource {
  readonly #init: CallReplaysInit
  readonly #version = signal(0)
  readonly #recordings: CallRecordings

  constructor(init: CallReplaysInit) {
    this.#init = init
    this.#recordings = new CallRecordings({ ...init, changed: () => this.#changed() })
  }

  get version(): ReadonlySignal<number> {
    return this.#version
  }

  isRecorded(pid: string): boolean {
    const entry = this.#find(pid)
    return entry?.recorder !== undefined && entry.record.policy.trace
  }

  async record(pid: string, isOn: boolean, cancelled?: AbortSignal): Promise<boolean> {
    const entry = this.#find(pid)
    if (!entry) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
    if (isOn && !entry.record.policy.trace) {
      throw new GliaError('ERR_BAD_REQUEST', 'The policy of the process says that its calls are not recorded.')
    }
    if (entry.keys) throw new GliaError('ERR_BAD_REQUEST', 'The calls of a process with keys cannot be replayed.')
    if (isOn === (entry.recorder !== undefined)) return true
    try {
      return await switchRecorder(entry, isOn ? this.#recordings.of(pid) : undefined, cancelled)
    } finally {
      this.#changed()
    }
  }

  of(id: number): RecordedCall | undefined {
    // Those of earlier pages come with a new version.
    void this.#recordings.restore()
    return this.#recordings.get(id)
  }

  async list(): Promise<RecordedCall[]> {
    await this.#recordings.restore()
    return this.#recordings.list()
  }

  clear(): Promise<void> {
    return this.#recordings.clear()
  }

  async save(id: number, withModule: boolean): Promise<Blob> {
    await this.#recordings.restore()
    const { cid } = this.#recordings.get(id) ?? {}
    const module = withModule && cid !== undefined ? await this.#moduleOf(cid) : undefined
    return this.#recordings.save(id, module)
  }

  async replay(what: number | Blob, given: Blob | undefined, cancelled?: AbortSignal): Promise<ReplayedCall> {
    await this.#recordings.restore()
    const { decodeCallFile, replayCall } = await later()
    const file: CallFile =
      typeof what === 'number'
        ? { call: await this.#recordings.load(what), module: undefined }
        : await decodeCallFile(what)
    const { call } = file
    const other = given && new Uint8Array(await given.arrayBuffer())
    const module = other ?? file.module ?? (await this.#moduleOf(call.cid))
    const result = await replayCall(call, { module, createWorker: this.#init.createWorker, signal: cancelled })
    return { call, result, isOther: other !== undefined && (await cidOf(other)) !== call.cid }
  }

  /** Every process that runs the module has its bytes. */
  async #moduleOf(cid: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#init.table.entries.find(({ record }) => record.cid === cid)
    if (entry) return new Uint8Array(await (await this.#init.table.moduleOf(entry.record.pid)).arrayBuffer())
    throw new GliaError(
      'ERR_BAD_REQUEST',
      `The replay needs the module ${cid}. It is not in the file, and no process of this tab runs it. Give its .wasm file, too.`,
    )
  }

  #find(pid: string): ProcessEntry | undefined {
    return this.#init.table.entryOf(pid)
  }

  #changed(): void {
    this.#version.value += 1
  }
}
