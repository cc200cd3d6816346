import { toGliaError } from '../../glia/errors.ts'
import type { ProcessEntry } from '../table/process-entry.ts'
import type { ActorRecorder } from '../worker/worker-actor.ts'

/**
 * Records the messages of a process from now on, or no more. Its worker is replaced between two messages, and what it
 * has in memory moves to the new one.
 * @param recorder Undefined: nothing is recorded any more.
 * @returns false if its memory cannot be moved. Then it counts from the next instance on.
 * @throws {GliaError} ERR_PROC_STOPPED; the reason of the signal.
 */
export async function switchRecorder(
  entry: ProcessEntry,
  recorder: ActorRecorder | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const { proc } = entry
  let isSwitched = true
  const change = async (): Promise<void> => {
    const isKept = proc.isLive && (await isHandedOver(entry))
    entry.recorder = recorder
    isSwitched = proc.leaveWorker(isKept)
  }
  await (proc.state === 'dead' ? change() : proc.pause(change, signal))
  const words = recorder ? 'Its calls are recorded, with all that it reads.' : 'Its calls are not recorded any more.'
  entry.log.add('process', isSwitched ? words : `From its next instance on: ${words}`)
  return isSwitched
}

async function isHandedOver({ memory }: ProcessEntry): Promise<boolean> {
  try {
    await memory.handOver()
    return true
  } catch (thrown) {
    // Its module cannot be taken apart, or it has nothing in memory.
    if (toGliaError(thrown).code === 'ERR_BAD_REQUEST') return false
    throw thrown
  }
}
