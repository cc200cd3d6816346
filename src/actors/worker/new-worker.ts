import { orAborted } from '../../glia/wait/or-aborted.ts'

/**
 * Starts a worker, and waits for it only until the signal aborts: a server that does not answer holds its script back
 * for ever. A worker that comes later is ended.
 * @throws the error of `createWorker`; the reason of the signal.
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
