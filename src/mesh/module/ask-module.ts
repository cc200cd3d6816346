import type { Connection } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { type ErrorCode, GliaError } from '../../glia/errors.ts'
import { readToldProcess, type ToldProcess } from '../../glia/told-process.ts'
import { fields } from '../../glia/untrusted.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { failureOf } from '../dial/failure-words.ts'
import { Incoming } from '../dialects/incoming.ts'
import { abortWith } from '../dialects/libp2p-stream.ts'
import { MAX_MODULE_BYTES, MIN_MODULE_RATE, MODULE_PROTOCOL, MODULE_STALL_MS } from '../limits.ts'
import { breach, nextPiece, readHead, type ReadInit } from './head-line.ts'

/** A module as a peer gave it. Its bytes have the hash that was asked for. */
export interface GivenModule {
  /** Name of a process of that peer that runs it. */
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

export interface AskOptions {
  signal: AbortSignal
  /** Called with each piece of a module. */
  onProgress?: (doneBytes: number, totalBytes: number) => void
  /** Longest pause of the answer, in ms. */
  stallMs?: number
}

/**
 * Asks a peer for one of its processes.
 * @throws {GliaError} ERR_NO_PROC; ERR_DENIED; ERR_BAD_VERB if the peer does not speak the protocol; ERR_PROTOCOL;
 * ERR_DEADLINE; ERR_UNREACHABLE; the reason of the signal.
 */
export function askProcess(connection: Connection, pid: string, options: AskOptions): Promise<ToldProcess> {
  return ask(connection, { pid }, options, async (init) => {
    const { head } = await readHead(init)
    refuseIfRefused(head, init.remote)
    const told = readToldProcess(head)
    if (!told) throw breach(init.remote, 'its answer names no process')
    return told
  })
}

/**
 * Asks a peer for a module, and checks the bytes.
 * @throws {GliaError} ERR_DENIED if the peer does not share it; ERR_PROTOCOL if it sends other bytes, or too many or too
 * few; ERR_REPLY_TOO_LARGE if the module is too large; like {@link askProcess}.
 */
export function askModule(connection: Connection, cid: string, options: AskOptions): Promise<GivenModule> {
  return ask(connection, { cid }, options, async (init) => {
    const { head, rest } = await readHead(init)
    refuseIfRefused(head, init.remote)
    const { bytes: size, name } = fields(head)
    if (!Number.isSafeInteger(size) || Number(size) <= 0)
      throw breach(init.remote, 'it did not say how long the module is')
    if (Number(size) > MAX_MODULE_BYTES) throw tooLarge(init.remote, Number(size))
    const bytes = await readBytes(init, Number(size), rest, options.onProgress)
    if (!(await isHashOf(cid, bytes)))
      throw breach(init.remote, 'the bytes that it sent are not the module with this CID')
    return { name: typeof name === 'string' ? name.slice(0, 100) : '', bytes }
  })
}

async function ask<T>(
  connection: Connection,
  question: object,
  { signal, stallMs = MODULE_STALL_MS }: AskOptions,
  read: (init: ReadInit) => Promise<T>,
): Promise<T> {
  const remote = connection.remotePeer.toString()
  const opening = AbortSignal.any([signal, AbortSignal.timeout(stallMs)])
  const stream = await orAborted(
    connection.newStream(MODULE_PROTOCOL, { signal: opening, runOnLimitedConnection: true }),
    opening,
  ).catch((cause: unknown) => {
    signal.throwIfAborted()
    if (failureOf(cause) === 'unsupported') {
      throw new GliaError('ERR_BAD_VERB', `${remote} does not tell of its processes and modules.`, { cause })
    }
    // The connection is alive, so another one would not help.
    if (connection.status === 'open' && !opening.aborted) throw wasReset(remote, cause)
    throw cause
  })
  const over = new AbortController()
  abortWith(stream, AbortSignal.any([signal, over.signal]))
  try {
    stream.send(new TextEncoder().encode(JSON.stringify(question)))
    // Not awaited: over WebRTC it takes a round trip. If it fails, reading fails.
    void stream.close().catch(() => undefined)
    return await read({ incoming: new Incoming({ stream, remote }), remote, signal, stallMs })
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof GliaError) throw thrown
    // libp2p's streams throw at once if the other side has reset them.
    throw wasReset(remote, thrown)
  } finally {
    // What else the other side sends is not read.
    over.abort(new GliaError('ERR_ABORTED', 'The answer was read.'))
  }
}

async function readBytes(
  init: ReadInit,
  size: number,
  rest: Uint8Array,
  onProgress: AskOptions['onProgress'],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size)
  const began = Date.now()
  let at = 0
  for (let piece: Uint8Array | null = rest; piece !== null;) {
    if (at + piece.length > size) throw breach(init.remote, `it sent more than the ${size} bytes that it announced`)
    bytes.set(piece, at)
    at += piece.length
    onProgress?.(at, size)
    const lateMs = Date.now() - began - init.stallMs
    if (at < (lateMs / 1000) * MIN_MODULE_RATE) throw tooSlow(init.remote)
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    piece = await nextPiece(init)
  }
  if (at < size) throw breach(init.remote, `it sent ${at} of the ${size} bytes that it announced`)
  return bytes
}

async function isHashOf(cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const { digest } = CID.parse(cid).multihash
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return hash.length === digest.length && hash.every((byte, i) => byte === digest[i])
}

/** The codes of a refusal. A peer must not make this one take its answer for a failure of the connection. */
const REFUSALS: readonly unknown[] = [
  'ERR_NO_PROC',
  'ERR_DENIED',
  'ERR_MAILBOX_FULL',
  'ERR_BAD_REQUEST',
] satisfies ErrorCode[]

/** The other side may refuse. @throws {GliaError} with its code and its sentence. */
function refuseIfRefused(head: unknown, remote: string): void {
  const { code, message } = fields(head)
  if (code === undefined) return
  const words = typeof message === 'string' ? message.slice(0, 300) : 'It did not say why.'
  throw new GliaError(REFUSALS.includes(code) ? (code as ErrorCode) : 'ERR_DENIED', `${remote} answered: ${words}`, {
    peer: remote,
  })
}

function wasReset(remote: string, cause: unknown): GliaError {
  return new GliaError('ERR_RESET', `${remote} reset the call: it failed there, or was refused.`, { cause })
}

function tooSlow(remote: string): GliaError {
  return new GliaError(
    'ERR_DEADLINE',
    `${remote} sends the module too slowly: less than ${MIN_MODULE_RATE} bytes a second.`,
  )
}

function tooLarge(remote: string, size: number): GliaError {
  const [has, most] = [size, MAX_MODULE_BYTES].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`)
  return new GliaError('ERR_REPLY_TOO_LARGE', `The module of ${remote} has ${has}, and at most ${most} are fetched.`)
}
