/** The Comlink interface between the page and the worker that records calls and replays one. */
import { fields, isBytes } from '../../glia/untrusted.ts'
import type { ModuleState } from '../module/module-state.ts'
import type { ActorWorkerApi } from '../worker/worker-api.ts'
import { bad, isCount, type RecordedEnd, type RunRecording } from './recording.ts'

export interface ReplayProgram {
  module: WebAssembly.Module
  /** How its state is put in. Left out: that cannot be done. */
  state: ModuleState | undefined
  /** argv, with the name first. */
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
}

/** The first thing in which a replay is not as the recorded call. */
export type Difference =
  /** What it wrote: the reply, its log, or what it gave a file or another process. */
  | {
      kind: 'bytes'
      where: 'reply' | 'stderr' | 'written'
      /** Of the first byte that differs. */
      offset: number
      /** Some bytes around it. They begin at `from`. */
      from: number
      recorded: Uint8Array
      replayed: Uint8Array
      /** The call of WASI that wrote it, counted from 1. */
      call: number
    }
  /** A call to WASI, in words. `undefined`: there was none. */
  | { kind: 'call'; call: number; recorded: string | undefined; replayed: string | undefined }
  | { kind: 'end'; recorded: RecordedEnd; replayed: RecordedEnd }

export interface ReplayResult {
  difference: Difference | undefined
  /** How the replay ended; undefined if it could not go on after the difference. */
  end: RecordedEnd | undefined
  /** The text of the trap, as this browser says it. */
  trap: string | undefined
  reply: Uint8Array
  stderr: Uint8Array
  /** Calls to WASI that were answered from the record. */
  calls: number
}

export interface RecorderWorkerApi extends ActorWorkerApi {
  /**
   * Runs a recorded call again, once. Every call of the guest is answered from the record, and nothing leaves the worker.
   * @param reached Gets a `ReplayResult` when a guest that was ended comes to where it was ended. It may loop from there on.
   * @throws {GliaError} ERR_BAD_REQUEST if the record is damaged, or does not fit the module.
   */
  replay(program: ReplayProgram, recording: RunRecording, reached: MessagePort): Promise<ReplayResult>
}

/** Checks the parts of a result that are used as numbers or bytes. @throws {GliaError} ERR_BAD_REQUEST */
export function readReplayResult(value: unknown): ReplayResult {
  const { reply, stderr, calls } = fields(value)
  if (isBytes(reply) && isBytes(stderr) && isCount(calls, Number.MAX_SAFE_INTEGER)) return value as ReplayResult
  throw bad('the replay gave no result')
}
