import type { ArrivingStream } from '../../glia/process/arriving-stream.ts'
import { concat } from '../../glia/stream/concat.ts'
import { endOfHead, parseHead } from './head-line.ts'

/** Longest token that tells senders apart, in characters. */
const MAX_TOKEN_LENGTH = 200

/** What the head of an order says of its turn. */
export interface OrderTarget {
  /** The PID that it names; undefined if it names none. */
  readonly pid: string | undefined
  /** What its sender shows to be allowed to; '' if that is nothing. */
  readonly token: string
}

/**
 * Reads the head of an order, which stays there to be read again. A head that is none names no target: its method
 * refuses it.
 * @throws {GliaError} the reason of the stream's abort.
 */
export async function targetOf(stream: ArrivingStream): Promise<OrderTarget> {
  const held = await stream.peek((chunks) => endOfHead(chunks) !== undefined)
  const end = endOfHead(held) ?? Infinity
  try {
    const { pid, token } = parseHead(concat([...held]).subarray(0, end))
    return {
      pid: typeof pid === 'string' ? pid : undefined,
      token: typeof token === 'string' ? token.slice(0, MAX_TOKEN_LENGTH) : '',
    }
  } catch {
    // The method reads the head again, and says what is wrong with it.
    return { pid: undefined, token: '' }
  }
}
