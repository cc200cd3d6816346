import { SpareWorker } from '../actors/worker/spare-worker.ts'
import { ACTOR_CSP } from '../headers.ts'
import { GliaError } from '../glia/errors.ts'
import { LoadedOnce } from '../glia/loaded-once.ts'

/** Time that the server has to answer the check of the script's policy, in ms. */
const CHECK_MS = 10_000

/**
 * Makes actor workers, one of them ahead.
 * @param start Starts a worker of the script at an absolute URL.
 * @param alive Aborts when no more workers are wanted.
 */
export function workerScript(url: string, start: (url: string) => Worker, alive?: AbortSignal): () => Promise<Worker> {
  const checked = new LoadedOnce(() => check(url))
  const workers = new SpareWorker(() => start(url))
  alive?.addEventListener('abort', () => workers.end(), { once: true })
  return async () => {
    alive?.throwIfAborted()
    await checked.get()
    alive?.throwIfAborted()
    return workers.take()
  }
}

/**
 * Checks that the script comes with the policy that keeps guests off the network. On a host that sends no headers,
 * without a service worker that adds them, no guest runs. All starts wait for this check, so it has a time limit. Under
 * the policy (Chromium 156, Firefox ESR 153) fetch, XHR, WebSocket, WebTransport, imports and nested workers reached
 * nothing.
 */
async function check(url: string): Promise<void> {
  let policy: string | null
  try {
    policy = (await fetch(url, { signal: AbortSignal.timeout(CHECK_MS) })).headers.get('content-security-policy')
  } catch (cause) {
    throw new GliaError('ERR_START', 'The actor worker’s script could not be loaded: the server does not answer.', {
      cause,
    })
  }
  if (policy === ACTOR_CSP) return
  throw new GliaError(
    'ERR_START',
    'Actors do not run here: this host does not send the policy that keeps them off the network, and this window has no service worker to add it.',
  )
}
