import { releaseProxy, transfer, wrap } from 'comlink'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { inspectModule } from '../module/inspect.ts'
import { isTakeable } from '../module/module-state.ts'
import { newWorker } from '../worker/new-worker.ts'
import type { CallRecording } from './call-file.ts'
import { missingOf } from './recording.ts'
import { readReplayResult, type RecorderWorkerApi, type ReplayResult } from './recorder-api.ts'

/** Time that a replay may take, in ms. Nothing in it waits, so what takes longer loops. */
const MAX_REPLAY_MS = 30_000
/** Time that a program has from where the recorded one was ended, in ms. Another version may come to an end. */
const BEYOND_MS = 1000

export interface ReplayInit {
  /** The module to run: the recorded one, or another version of it. */
  module: Uint8Array<ArrayBuffer>
  /** Starts a worker of the script that records. */
  createWorker(): Promise<Worker>
  signal?: AbortSignal | undefined
}

/**
 * Runs a recorded call again, in a worker of its own.
 * @throws {GliaError} ERR_BAD_REQUEST if it cannot be replayed; ERR_BAD_MODULE; ERR_START; ERR_DEADLINE if it does not
 * end; the reason of the signal.
 */
export async function replayCall(
  call: CallRecording,
  { module: bytes, createWorker, signal }: ReplayInit,
): Promise<ReplayResult> {
  const missing = missingOf(call)
  if (missing !== undefined) throw new GliaError('ERR_BAD_REQUEST', `The call cannot be replayed. ${missing}`)
  const { module, state } = await inspectModule(bytes, call.maxMemoryBytes, true)
  const late = AbortSignal.timeout(MAX_REPLAY_MS)
  const over = signal ? AbortSignal.any([signal, late]) : late
  const worker = await newWorker(createWorker, over)
  const api = wrap<RecorderWorkerApi>(worker)
  const failed = Promise.withResolvers<never>()
  worker.onerror = (event) => {
    event.preventDefault()
    failed.reject(
      new GliaError(
        'ERR_START',
        `The worker of the replay could not run: ${event.message || 'its script did not load'}.`,
      ),
    )
  }
  const { method, start, log, end, args, env } = call
  const { port1, port2 } = new MessageChannel()
  const looping = new Promise<unknown>((resolve) => {
    port1.onmessage = ({ data }) => setTimeout(() => resolve(data), BEYOND_MS)
  })
  const program = { module, args, env, state: isTakeable(state) ? state : undefined }
  try {
    const replayed = api.replay(program, { method, start, log, end }, transfer(port2, [port2]))
    return readReplayResult(await orAborted(Promise.race([replayed, looping, failed.promise]), over))
  } catch (thrown) {
    if (late.aborted)
      throw new GliaError(
        'ERR_DEADLINE',
        'The replay was ended after 30 s. The program loops, where the recorded one did not.',
      )
    throw toGliaError(thrown)
  } finally {
    port1.close()
    api[releaseProxy]()
    worker.terminate()
  }
}
