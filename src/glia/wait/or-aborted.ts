import { settlesWithin } from './turns.ts'

/** Turns of the microtask queue within which a result that is known already arrives. */
const TURNS = 3

/** Waits for a promise only until the signal aborts. @throws the reason of the signal as soon as it aborts. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (!signal.aborted && (await settlesWithin(promise, TURNS))) return promise
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
