import type { Incoming } from '../dialects/incoming.ts'
import { GliaError } from '../../glia/errors.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { MAX_MODULE_HEAD } from '../limits.ts'

export interface ReadInit {
  incoming: Incoming
  /** Peer id of the other side. */
  remote: string
  signal: AbortSignal
  /** Longest pause of the answer, in ms. */
  stallMs: number
}

/** The next piece of an answer. @throws {GliaError} ERR_DEADLINE if it does not come; the reason of the signal. */
export async function nextPiece({ incoming, remote, signal, stallMs }: ReadInit): Promise<Uint8Array | null> {
  const stall = new AbortController()
  const late = (): void => stall.abort(new GliaError('ERR_DEADLINE', `${remote} sent nothing for ${seconds(stallMs)}.`))
  const timer = setTimeout(late, stallMs)
  try {
    return await orAborted(incoming.read(), AbortSignal.any([signal, stall.signal]))
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The first line of an answer, which is JSON, and the bytes that came after it.
 * @throws {GliaError} ERR_PROTOCOL if there is no such line; like {@link nextPiece}.
 */
export async function readHead(init: ReadInit): Promise<{ head: unknown; rest: Uint8Array }> {
  const decoder = new TextDecoder()
  let line = ''
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const piece = await nextPiece(init)
    const end = piece?.indexOf(10) ?? -1
    line += decoder.decode(end < 0 ? (piece ?? undefined) : piece?.subarray(0, end), { stream: piece !== null })
    if (line.length > MAX_MODULE_HEAD) throw breach(init.remote, 'its answer is too long')
    if (piece === null) throw breach(init.remote, 'its answer ended before it was whole')
    if (end >= 0) return { head: parsed(line, init.remote), rest: piece.subarray(end + 1) }
  }
}

export function breach(remote: string, why: string): GliaError {
  return new GliaError('ERR_PROTOCOL', `${remote} broke the protocol: ${why}.`)
}

function parsed(line: string, remote: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw breach(remote, 'its answer is not valid')
  }
}
