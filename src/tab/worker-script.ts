import { ACTOR_CSP } from '../headers.ts'
import { GliaError } from '../glia/errors.ts'

/** Time that the server has to answer when the policy of the script is looked at, in ms. */
const CHECK_MS = 10_000

/**
 * Makes actor workers. One is always started ahead: loading the script takes longer than all else that a start needs, and a
 * worker without a module costs little.
 * @param start Starts a worker of the script at an absolute URL.
 * @param alive Aborts when no more workers are wanted.
 */
export function workerScript(url: string, start: (url: string) => Worker, alive?: AbortSignal): () => Promise<Worker> {
  let checked: Promise<void> | undefined
  let spare: Worker | undefined
  const startSpare = (): void => {
    const worker = start(url)
    spare = worker
    // One that could not load is not handed out: the next start tries again, and reports it.
    worker.onerror = () => {
      if (spare === worker) spare = undefined
    }
  }
  alive?.addEventListener('abort', () => spare?.terminate(), { once: true })
  return async () => {
    alive?.throwIfAborted()
    checked ??= check(url).catch((thrown: unknown) => {
      checked = undefined
      throw thrown
    })
    await checked
    alive?.throwIfAborted()
    const worker = spare ?? start(url)
    startSpare()
    return worker
  }
}

/**
 * Sees that the script comes with the policy that keeps guests off the network (FACTS 2.8): a host that sends no headers,
 * with no service worker to add them, runs no guests. All starts wait for the answer, so it is not waited for without end.
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
