import { GliaError } from '../../glia/errors.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { ProcessEntry } from './process-entry.ts'

/** Time that processes have to store what is in their memory when the peer stops, or they are killed, in ms. */
export const MAX_STOP_MS = 2000

/**
 * Ends the workers of processes. Kept processes stay in the store. What durable ones have in memory is stored before, if
 * no message runs. Never rejects.
 * @param kept Settles when their records are stored: nothing of a process is stored that is not in the store itself.
 */
export async function stopProcesses(entries: readonly ProcessEntry[], kept: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(MAX_STOP_MS)
  await orAborted(kept, late).catch(() => undefined)
  const stop = async (entry: ProcessEntry): Promise<void> => {
    await storeAndEnd(entry, close, late)
    entry.keys?.close()
  }
  await Promise.all(entries.map(stop))
}

/** Stores what a process and its instances have in memory, and ends each of them with `end`. Never rejects. */
export async function storeAndEnd(entry: ProcessEntry, end: (proc: Proc) => void, late: AbortSignal): Promise<void> {
  const stop = async ({ proc, memory }: ProcessEntry): Promise<void> => {
    const over = (): void => end(proc)
    // A worker or a store that hangs must not hold the end up.
    await orAborted(memory.finish(over), late).catch(over)
  }
  const { keys } = entry
  await orAborted(Promise.resolve(keys?.written()), late).catch(() => undefined)
  await Promise.all(keys?.entries.map(stop) ?? [])
  await stop(entry)
}

function close(proc: Proc): void {
  proc.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
}
