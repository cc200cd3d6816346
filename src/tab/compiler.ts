import { GliaError } from '../glia/errors.ts'
import type { CompiledScript } from '../ui/model.ts'
// oxlint-disable-next-line import/default -- Vite makes the export
import workerUrl from './compiler-worker.ts?worker&url'
import { trustedScriptUrl } from './trusted.ts'

/** Longest time for one file, in ms, from when the compiler is loaded. */
const MAX_COMPILE_MS = 30_000

/** The loaded compiler takes some 200 MB, so an idle one is ended after this time, in ms. */
const IDLE_MS = 120_000

let idle: { worker: Worker; timer: ReturnType<typeof setTimeout> } | undefined

/**
 * Compiles AssemblyScript in a worker. One at a time reuses the loaded compiler.
 * @throws {GliaError} `ERR_ABORTED` if the signal aborts, `ERR_DEADLINE` after 30 s, `ERR_START` if the compiler cannot
 * be loaded, `ERR_INTERNAL` if it breaks
 */
export async function compile(source: string, signal: AbortSignal): Promise<CompiledScript> {
  signal.throwIfAborted()
  const reused = takeIdle()
  const worker =
    reused ??
    new Worker(trustedScriptUrl(new URL(workerUrl, document.baseURI).href), { type: 'module', name: 'glia compiler' })
  try {
    if (!reused) await loaded(worker, signal)
    const compiled = await answer(worker, source, signal)
    idle = { worker, timer: setTimeout(() => takeIdle()?.terminate(), IDLE_MS) }
    return compiled
  } catch (thrown) {
    worker.terminate()
    throw thrown
  }
}

function takeIdle(): Worker | undefined {
  const taken = idle
  idle = undefined
  clearTimeout(taken?.timer)
  return taken?.worker
}

async function loaded(worker: Worker, signal: AbortSignal): Promise<void> {
  await nextMessage(worker, signal, notLoaded)
}

async function answer(worker: Worker, source: string, signal: AbortSignal): Promise<CompiledScript> {
  const late = new AbortController()
  const timer = setTimeout(
    () =>
      late.abort(
        new GliaError('ERR_DEADLINE', `The compiler did not end within ${MAX_COMPILE_MS / 1000} s, and was stopped.`),
      ),
    MAX_COMPILE_MS,
  )
  try {
    worker.postMessage(source)
    return (await nextMessage(worker, AbortSignal.any([signal, late.signal]), broken)) as CompiledScript
  } finally {
    clearTimeout(timer)
  }
}

function notLoaded(): GliaError {
  return new GliaError(
    'ERR_START',
    'The compiler could not be loaded. It is not stored for use offline, and the npm package does not have it: open the page from a server that has the whole app.',
  )
}

function broken({ message }: ErrorEvent): GliaError {
  return new GliaError('ERR_INTERNAL', `The compiler broke at this text: ${message}`)
}

/** The next message of a worker. Rejects if the worker breaks or the signal aborts. */
async function nextMessage(
  worker: Worker,
  signal: AbortSignal,
  failure: (event: ErrorEvent) => GliaError,
): Promise<unknown> {
  const over = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const options = { signal: over.signal }
  worker.addEventListener('message', ({ data }) => resolve(data), options)
  worker.addEventListener('error', (event) => reject(failure(event)), options)
  signal.addEventListener('abort', () => reject(signal.reason as Error), options)
  try {
    return await promise
  } finally {
    over.abort()
  }
}
