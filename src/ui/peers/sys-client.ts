import { PROTOCOL } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { concat } from '../../glia/stream/concat.ts'
import { fields } from '../../glia/untrusted.ts'
import type { TabModel } from '../model.ts'

/** Largest answer without a file, in bytes: other peers may send anything. */
const MAX_HEAD_BYTES = 8 * 1024 * 1024
const MAX_FILE_BYTES = 1024 * 1024 * 1024
/** The methods that answer with a file. */
const GIVING: ReadonlySet<string> = new Set(['snapshot', 'export', 'read', 'module'])
const NEWLINE = 10

export interface OrderOptions {
  body?: Blob
  cancelled?: AbortSignal | undefined
  /** The page asks by itself, and not for something that the person does. */
  isLook?: boolean
}

/** A line of JSON, and perhaps a file. Nothing of it is checked. */
export interface Answer {
  head: Record<string, unknown>
  body: Blob
}

/** Sends messages to the system process of a peer. */
export class SysClient {
  readonly #model: Pick<TabModel, 'callPeer'>
  readonly #host: string

  /** @param host Peer id, or `self` for this tab. */
  constructor(model: Pick<TabModel, 'callPeer'>, host: string) {
    this.#model = model
    this.#host = host
  }

  /** @throws {GliaError} its failure; ERR_PROTOCOL if the answer is no answer */
  async order(method: string, head: object, options: OrderOptions = {}): Promise<Answer> {
    const { body, cancelled, isLook = false } = options
    cancelled?.throwIfAborted()
    const message = new Blob([`${JSON.stringify(head)}\n`, ...(body ? [body] : [])])
    const { reply, cancel } = this.#model.callPeer(`${PROTOCOL}/${this.#host}/sys/${method}`, message, isLook)
    cancelled?.addEventListener('abort', cancel, { once: true })
    const most = GIVING.has(method) ? MAX_FILE_BYTES : MAX_HEAD_BYTES
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    try {
      for await (const chunk of reply) {
        bytes += chunk.length
        if (bytes > most) throw new GliaError('ERR_REPLY_TOO_LARGE', 'The answer of the peer is too large.')
        chunks.push(chunk.slice())
      }
    } finally {
      cancelled?.removeEventListener('abort', cancel)
    }
    return readAnswer(chunks)
  }
}

function readAnswer(chunks: readonly Uint8Array<ArrayBuffer>[]): Answer {
  const last = chunks.findIndex((chunk) => chunk.includes(NEWLINE))
  if (last < 0) throw unreadable()
  const start = concat(chunks.slice(0, last + 1))
  const end = start.indexOf(NEWLINE)
  let head: unknown
  try {
    head = JSON.parse(new TextDecoder().decode(start.subarray(0, end)))
  } catch (cause) {
    throw unreadable(cause)
  }
  return { head: fields(head), body: new Blob([start.subarray(end + 1), ...chunks.slice(last + 1)]) }
}

export function unreadable(cause?: unknown): GliaError {
  return new GliaError('ERR_PROTOCOL', 'The peer gave an answer that this page does not understand.', { cause })
}
