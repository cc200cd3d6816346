import { type ReadonlySignal, signal } from '@preact/signals'
import type { CallFile } from '../actors/recording/call-file.ts'
import { CallRecordings } from '../actors/recording/call-recordings.ts'
import { missingOf } from '../actors/recording/recording.ts'
import { switchRecorder } from '../actors/recording/switch-recorder.ts'
import { cidOf } from '../actors/module/cid.ts'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import { GliaError } from '../glia/errors.ts'
import type { CallReplaysSource, RecordedCallView, ReplayedCall } from '../ui/model.ts'

const later = () => import('../actors/recording/later.ts')

export interface CallReplaysInit {
  table: ProcessTable
  /** Starts a worker of the script that records and replays. */
  createWorker(): Promise<Worker>
}

/** The calls of this tab that are recorded with all that their programs read, and calls from files. */
export class CallReplays implements CallReplaysSource {
  readonly #init: CallReplaysInit
  readonly #version = signal(0)
  readonly #recordings: CallRecordings

  constructor(init: CallReplaysInit) {
    this.#init = init
    this.#recordings = new CallRecordings({ createWorker: init.createWorker, changed: () => this.#changed() })
  }

  get version(): ReadonlySignal<number> {
    return this.#version
  }

  isRecorded(pid: string): boolean {
    return this.#find(pid)?.recorder !== undefined
  }

  async record(pid: string, isOn: boolean, cancelled?: AbortSignal): Promise<boolean> {
    const entry = this.#find(pid)
    if (!entry) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
    if (isOn && !entry.record.policy.trace) {
      throw new GliaError('ERR_BAD_REQUEST', 'The policy of the process says that its calls are not recorded.')
    }
    if (isOn === (entry.recorder !== undefined)) return true
    try {
      return await switchRecorder(entry, isOn ? this.#recordings.of(pid) : undefined, cancelled)
    } finally {
      this.#changed()
    }
  }

  of(id: number): RecordedCallView | undefined {
    const call = this.#recordings.get(id)
    return call && { ...call, missing: missingOf(call) }
  }

  list(): RecordedCallView[] {
    return this.#recordings.list().map((call) => ({ ...call, missing: missingOf(call) }))
  }

  async save(id: number, withModule: boolean): Promise<Blob> {
    const call = this.#kept(id)
    const missing = missingOf(call)
    if (missing !== undefined) throw new GliaError('ERR_BAD_REQUEST', `The call cannot be saved. ${missing}`)
    const { encodeCallFile } = await later()
    const { pid: _pid, id: _id, ...recorded } = call
    return encodeCallFile({ call: recorded, module: withModule ? await this.#moduleOf(call.cid) : undefined })
  }

  async replay(what: number | Blob, given: Blob | undefined, cancelled?: AbortSignal): Promise<ReplayedCall> {
    const { decodeCallFile, replayCall } = await later()
    const file: CallFile =
      typeof what === 'number' ? { call: this.#kept(what), module: undefined } : await decodeCallFile(what)
    const { call } = file
    const other = given && new Uint8Array(await given.arrayBuffer())
    const module = other ?? file.module ?? (await this.#moduleOf(call.cid))
    const result = await replayCall(call, { module, createWorker: this.#init.createWorker, signal: cancelled })
    return { call, result, isOther: other !== undefined && (await cidOf(other)) !== call.cid }
  }

  #kept(id: number) {
    const call = this.#recordings.get(id)
    if (call) return call
    throw new GliaError(
      'ERR_BAD_REQUEST',
      'What this call read was not recorded, or is not kept any more. Record the calls of its process, and call it again.',
    )
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
    return this.#init.table.entries.find(({ record }) => record.pid === pid)
  }

  #changed(): void {
    this.#version.value += 1
  }
}
