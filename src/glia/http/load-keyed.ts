import { GliaError } from '../errors.ts'
import { LoadedOnce } from '../loaded-once.ts'
import type { KeyedCalls } from './keyed-calls.ts'

/** Makes a function that gives the calls with a key. They are loaded with the first key: no first call needs them. */
export function keyedLoader(): () => Promise<KeyedCalls> {
  const keyed = new LoadedOnce(async (): Promise<KeyedCalls> => {
    try {
      const { KeyedCalls } = await import('./keyed-calls.ts')
      return new KeyedCalls()
    } catch (cause) {
      throw new GliaError('ERR_INTERNAL', 'A part of the app could not be loaded. Try again.', { cause })
    }
  })
  return () => keyed.get()
}
