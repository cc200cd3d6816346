import { orAborted } from '../../glia/wait/or-aborted.ts'

/**
 * Starts a worker, and waits for it no longer than the signal allows: a server that does not answer holds its script back for
 * ever. One that comes later is ended.
 * @throws what `createWorker` does; the signal's reason.
 */
export async function newWorker(createWorker: () => Promise<Worker>, signal: AbortSignal): Promise<Worker> {
  const creating = createWorker()
  try {
    const worker = await orAborted(creating, signal)
    signal.throwIfAborted()
    return worker
  } catch (thrown) {
    void creating.then(
      (worker) => worker.terminate(),
      () => undefined,
    )
    throw thrown
  }
}
