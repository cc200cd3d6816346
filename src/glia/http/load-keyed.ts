import { GliaError } from '../errors.ts'
import type { KeyedCalls } from './keyed-calls.ts'

/** Makes a function that gives the calls with a key. They are loaded with the first key: no first call needs them. */
export function keyedLoader(): () => Promise<KeyedCalls> {
  let keyed: Promise<KeyedCalls> | undefined
  return () =>
    (keyed ??= import('./keyed-calls.ts').then(
      (loaded) => new loaded.KeyedCalls(),
      (cause: unknown) => {
        keyed = undefined
        throw new GliaError('ERR_INTERNAL', 'A part of the app could not be loaded. Try again.', { cause })
      },
    ))
}
