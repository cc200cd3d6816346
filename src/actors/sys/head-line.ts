import { GliaError } from '../../glia/errors.ts'
import type { Message } from '../../glia/process/actor.ts'
import { concat } from '../../glia/stream/concat.ts'

/** Longest head of a request, in bytes. */
const MAX_HEAD_BYTES = 256 * 1024
const NEWLINE = 10

/** A message to the system process: one line of JSON, an object, and then a body. */
export interface Request {
  readonly head: Readonly<Record<string, unknown>>
  /** The whole body. @throws {GliaError} ERR_MESSAGE_TOO_LARGE */
  body(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>
}

/** Reads the head of a message. An empty message is an empty head. @throws {GliaError} ERR_BAD_REQUEST */
export async function readRequest(message: Message): Promise<Request> {
  const start: Uint8Array[] = []
  let bytes = 0
  let end = -1
  while (end < 0) {
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const chunk = await message.read()
    if (chunk === null) break
    end = chunk.indexOf(NEWLINE)
    // The bytes of a chunk are valid until the next read.
    start.push(chunk.slice())
    bytes += chunk.length
    if ((end < 0 ? bytes : bytes - chunk.length + end) > MAX_HEAD_BYTES) throw bad('The head line is too long')
  }
  const whole = concat(start)
  const length = end < 0 ? whole.length : whole.indexOf(NEWLINE)
  const first = whole.subarray(length + 1)
  return { head: parseHead(whole.subarray(0, length)), body: (maxBytes) => readBody(message, first, maxBytes) }
}

async function readBody(message: Message, first: Uint8Array, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks = [first]
  let bytes = first.length
  for (;;) {
    if (bytes > maxBytes) throw new GliaError('ERR_MESSAGE_TOO_LARGE', `The body has more than ${maxBytes} bytes.`)
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const chunk = await message.read()
    if (chunk === null) return concat(chunks)
    chunks.push(chunk.slice())
    bytes += chunk.length
  }
}

/** Where the head ends in the beginning of a message, or where it becomes too long; undefined if it goes on. */
export function endOfHead(chunks: readonly Uint8Array[]): number | undefined {
  let before = 0
  for (const chunk of chunks) {
    const end = chunk.indexOf(NEWLINE)
    if (end >= 0) return before + end
    before += chunk.length
  }
  return before > MAX_HEAD_BYTES ? before : undefined
}

/** @throws {GliaError} ERR_BAD_REQUEST */
export function parseHead(bytes: Uint8Array): Record<string, unknown> {
  const line = new TextDecoder().decode(bytes)
  if (line.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw bad('The first line is not JSON')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw bad('The first line is not an object')
}

function bad(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `${why}: a message to sys is one line of JSON, and then a body.`)
}

/** Writes a line of JSON. */
export async function writeLine(message: Message, value: unknown): Promise<void> {
  await message.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`))
}
