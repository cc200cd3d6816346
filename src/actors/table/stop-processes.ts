import { GliaError } from '../../glia/errors.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { ProcessEntry } from './process-entry.ts'

/** Time that processes have to store what is in their memory when the peer stops, in ms. */
const MAX_STOP_MS = 2000

/**
 * Ends the workers of processes. Kept processes stay in the store. What durable ones have in memory is stored before, if
 * no message runs. Never rejects.
 */
export async function stopProcesses(entries: readonly ProcessEntry[]): Promise<void> {
  const late = AbortSignal.timeout(MAX_STOP_MS)
  const stop = async ({ proc, memory }: ProcessEntry): Promise<void> => {
    const close = (): void => proc.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
    // A worker or a store that hangs must not hold the end up.
    await orAborted(memory.finish(close), late).catch(close)
  }
  const stopAll = async (entry: ProcessEntry): Promise<void> => {
    const { keys } = entry
    await orAborted(Promise.resolve(keys?.written()), late).catch(() => undefined)
    await Promise.all(keys?.entries.map(stop) ?? [])
    keys?.close()
    await stop(entry)
  }
  await Promise.all(entries.map(stopAll))
}
