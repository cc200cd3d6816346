import { Worker as Thread } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/esm/node-adapter'

/**
 * A worker thread with the part of a web Worker's interface that src/actors uses. A thread that ends by itself (out of
 * memory, a crash) is an error of the worker, since it is never meant to.
 */
export function threadWorker(script: URL): Worker {
  // Guests reach no JavaScript. Still the thread has no environment and no flags that they could find.
  const thread = new Thread(script, { name: 'glia actor', env: {}, execArgv: [], argv: [] })
  let ended = false
  const worker = {
    ...nodeEndpoint(thread),
    onerror: null as Worker['onerror'],
    terminate(): void {
      ended = true
      void thread.terminate()
    },
  }
  const fail = (message: string): void => {
    if (ended) return
    ended = true
    worker.onerror?.call(worker as unknown as Worker, { message, preventDefault: () => undefined } as ErrorEvent)
  }
  thread.on('error', (error) => fail(error.message))
  thread.on('messageerror', (error) => fail(error.message))
  thread.on('exit', (code) => fail(`its thread ended with code ${code}`))
  return worker as unknown as Worker
}
