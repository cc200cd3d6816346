import { isCallKey, isChain, isClientName, isPeerList, isTrace, MAX_SENT_CHAIN } from '../call-context.ts'
import { type ErrorCode, GliaError, isErrorCode, isExitCode } from '../errors.ts'
import { readFacts } from '../failure.ts'
import { MAX_HEAD_BYTES } from './frames.ts'
import { violation } from './violation.ts'
import { fields } from '../untrusted.ts'

/**
 * What a call tells about itself when it is opened. It is JSON on the wire, and a peer ignores keys that it does not
 * know.
 */
export interface OpenHead {
  /** Address as text, without aliases. */
  to: string
  /** Time left for the call, in ms. Left out or 0: no limit. */
  deadlineMs?: number | undefined
  /** Bytes that the message will have. */
  expectedBytes?: number | undefined
  /** The same text for each try of one call, which runs once; 1 to 255 characters. */
  key?: string | undefined
  /** An id that all calls share which are made for the same first call. */
  trace?: string | undefined
  /** The client for which the peer calls, in the peer's own naming; at most 64 characters. */
  client?: string | undefined
  /**
   * The processes that wait for this call, each as `{host}/{name}`. The name is opaque and no PID. The first is the
   * origin.
   */
  chain?: readonly string[] | undefined
  /** Ids of the peers for which the call is made, besides its caller. The callee must allow each of them too. */
  for?: readonly string[] | undefined
}

/** setTimeout takes a signed 32-bit number of ms. */
const MAX_DEADLINE_MS = 2 ** 31 - 1
/** Characters of an error's message that are always sent. Each takes up to 6 bytes in JSON. */
const MAX_MESSAGE = 1000

const encoder = new TextEncoder()
// Throws for bytes that are no UTF-8, instead of replacing them.
const decoder = new TextDecoder('utf-8', { fatal: true })

/** A time in whole ms that timers and peers accept; undefined if there is no limit, or one too far away to matter. */
export function deadlineOf(ms: number | undefined): number | undefined {
  return ms && ms <= MAX_DEADLINE_MS ? Math.max(1, Math.ceil(ms)) : undefined
}

/** The encoded head, or the reason why no peer would accept it. */
export function encodeHead(head: OpenHead): { head: Uint8Array; error?: GliaError } {
  const bytes = encoder.encode(JSON.stringify(head))
  if (Math.max(head.chain?.length ?? 0, head.for?.length ?? 0) > MAX_SENT_CHAIN) {
    return { head: bytes, error: new GliaError('ERR_CYCLE', `More than ${MAX_SENT_CHAIN} calls wait for each other.`) }
  }
  const fault = faultOf(head)
  if (fault !== undefined) {
    return { head: bytes, error: new GliaError('ERR_BAD_REQUEST', `No peer takes such a call: ${fault}.`) }
  }
  if (bytes.length <= MAX_HEAD_BYTES) return { head: bytes }
  const message = `The address, the trace id and the call chain take too much room: ${bytes.length} bytes.`
  return { head: bytes, error: new GliaError('ERR_BAD_REQUEST', message) }
}

/** A head of which nothing is known yet. */
type Given = { readonly [Part in keyof OpenHead]?: unknown }

/** What of a head is not valid, in words. */
function faultOf({ deadlineMs, expectedBytes, key, trace, client, chain, for: peers }: Given): string | undefined {
  if (deadlineMs !== undefined && !isCount(deadlineMs)) return 'the deadline of a call is no number'
  if (expectedBytes !== undefined && !isCount(expectedBytes)) return 'the size of a message is no number'
  if (key !== undefined && !isCallKey(key)) return 'the key of a call is not valid'
  if (trace !== undefined && !isTrace(trace)) return 'the trace id is not valid'
  if (client !== undefined && !isClientName(client)) return 'the name of a client is not valid'
  if (chain !== undefined && !isChain(chain)) return 'the call chain is not valid'
  // It must not be ignored: without it the call would have more rights.
  if (peers !== undefined && !isPeerList(peers)) return 'the peers for which a call is made are no list of peer ids'
  return undefined
}

/** Unknown keys are ignored. @throws {GliaError} ERR_PROTOCOL if the bytes are no head. */
export function decodeHead(bytes: Uint8Array): OpenHead {
  const given = parse(bytes)
  const { to } = given
  if (typeof to !== 'string') throw violation('a call has no address')
  const fault = faultOf(given)
  if (fault !== undefined) throw violation(fault)
  const { deadlineMs, expectedBytes, key, trace, client, chain, for: onBehalfOf } = given as Partial<OpenHead>
  const limitMs = deadlineMs && Math.min(deadlineMs, MAX_DEADLINE_MS)
  return { to, deadlineMs: limitMs, expectedBytes, key, trace, client, chain, for: onBehalfOf }
}

/** Codes that version 0.1 does not know, and the code that it has for the same failure. */
const FORMERLY: Partial<Record<ErrorCode, ErrorCode>> = { ERR_NO_READER: 'ERR_RESET', ERR_PROTOCOL: 'ERR_RESET' }

/** The failure of a call, for a FAIL frame. Peers of version 0.1 read `code`, later ones `exactly` if it is there. */
export function encodeStatus(error: GliaError): Uint8Array {
  const { code: exact, message, stderr, ...facts } = error.toJSON()
  const former = FORMERLY[exact]
  const status = { code: former ?? exact, exactly: former && exact, ...facts, accepted: error.accepted }
  const shorter = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message
  for (const tried of [
    { message, stderr },
    { message: shorter, stderr },
  ]) {
    const bytes = encoder.encode(JSON.stringify({ ...status, ...tried }))
    if (bytes.length <= MAX_HEAD_BYTES) return bytes
  }
  return encoder.encode(JSON.stringify({ ...status, message: shorter }))
}

/** @throws {GliaError} ERR_PROTOCOL if the bytes are no failure. */
export function decodeStatus(bytes: Uint8Array): GliaError {
  const { code, exactly, message, exitCode, accepted, ...facts } = parse(bytes)
  if (typeof code !== 'string' || typeof message !== 'string') throw violation('the end of a call has no code')
  if (exitCode !== undefined && !isExitCode(exitCode)) throw violation('the exit code is not valid')
  // The code may be of a newer version. Its sentence still says what happened.
  const known = [exactly, code].find(isErrorCode) ?? 'ERR_INTERNAL'
  const isAccepted = exitCode !== undefined && accepted === true
  return new GliaError(known, message, { ...readFacts(facts), exitCode, accepted: isAccepted })
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return fields(value)
  } catch {
    throw violation('a part that should be JSON is not')
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
