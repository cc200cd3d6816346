import { chainNameOf } from './chain-name.ts'
import type { ErrorCode, GliaError } from './errors.ts'
import type { Stream } from './stream/stream.ts'

/** Failures with which no process has to do. */
const OF_NO_PROCESS: ReadonlySet<ErrorCode> = new Set(['ERR_NO_PROC', 'ERR_BAD_ADDRESS', 'ERR_CYCLE', 'ERR_PROTOCOL'])

/**
 * Notes where a failure was made, unless that is known: on the peer `here`, and in its process if the call is addressed
 * to one here.
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
