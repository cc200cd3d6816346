import { chainNameOf } from './chain-name.ts'
import type { ErrorCode, GliaError } from './errors.ts'
import type { Stream } from './stream/stream.ts'

/** Failures in which no process has a part. */
const OF_NO_PROCESS: ReadonlySet<ErrorCode> = new Set(['ERR_NO_PROC', 'ERR_BAD_ADDRESS', 'ERR_CYCLE', 'ERR_PROTOCOL'])

/**
 * Notes in an error where it was made, if it does not say so yet: on the peer `here`, and in the called process if that
 * is here too. So two calls must not share an error.
 */
export function madeHere(error: GliaError, here: string, { destination, procId }: Called): GliaError {
  if (error.peer !== undefined) return error
  error.peer = here
  if (destination === here && !OF_NO_PROCESS.has(error.code)) error.process = processName(here, procId)
  return error
}

type Called = Pick<Stream, 'destination' | 'procId'>

function processName(peer: string, pid: string): string {
  return chainNameOf(peer, pid).slice(peer.length + 1)
}
