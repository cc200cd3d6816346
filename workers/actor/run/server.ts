import type { Paused, ServeEnd } from '../../../src/actors/worker/worker-api.ts'
import type { Instance } from './instance.ts'
import type { Stdio } from '../carrier/stdio.ts'

/**
 * Takes messages from one kind of channel and runs them on an instance, until one of them ends it or the page pauses
 * it.
 */
export interface Server {
  readonly stdio: Stdio
  /** Whether guests wait by being suspended (JSPI). */
  readonly suspends: boolean
  serve(instance: Instance): Promise<ServeEnd | Paused>
}
