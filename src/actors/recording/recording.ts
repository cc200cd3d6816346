/** What is written down of a call so that it can be run again: what crosses from the worker, and what a file carries. */
import { GliaError } from '../../glia/errors.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { PAGE_BYTES } from '../module/cap-memory.ts'
import { type GlobalValue, UNIT_BYTES } from '../snapshot/snapshot.ts'

/** Largest log of one call, in bytes. A call with more cannot be replayed. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024
/** Largest memory that is kept with a call, without its zeros, in bytes. */
export const MAX_STATE_BYTES = 64 * 1024 * 1024
const MAX_MEMORY_BYTES = 2 ** 32
const MAX_GLOBALS = 4096
/** Longest sentence and longest name of a method, in UTF-16 units. */
const MAX_TEXT = 1000

/** How a method ends by itself. */
const ENDS = ['ok', 'failed', 'exited', 'trapped'] as const
/** Why a method was ended: it was late, its caller has cancelled the call, or its process was stopped. */
const CUTS = ['late', 'cancelled', 'stopped'] as const

/** How a method ended. */
export interface RecordedEnd {
  status: (typeof ENDS | typeof CUTS)[number]
  /** What the method returned, or the exit code. */
  code: number
}

/** The memory and variables of an instance between two messages. */
export interface GuestState {
  memoryBytes: number
  /** The units of the memory that are not zeros, in ascending order, and their bytes one after the other. */
  units: readonly number[]
  bytes: Uint8Array<ArrayBuffer>
  globals: readonly GlobalValue[]
}

/** What the instance was before the message. */
export type RecordedStart =
  /** It was made for the message. The log begins with so many events of its start. */
  | { kind: 'fresh'; events: number; initialized: boolean }
  | ({ kind: 'memory' } & GuestState)
  /** It is not known, in words that go on after “because”. */
  | { kind: 'missing'; why: string }

/** Whether the method was ended, so that nobody knows what it would have done. */
export function isCut({ status }: RecordedEnd): boolean {
  return CUTS.some((each) => each === status)
}

/** What a worker says when a message begins. If it is ended before it says more, this is what is known of the message. */
export interface RunBegin {
  method: string
  start: RecordedStart
  /** The log that it writes. Undefined: the page cannot share memory with it. */
  shared: SharedLog | undefined
}

/** A log in shared memory: the first 32-bit number is its length in bytes, or `FULL_LOG`; the log follows. */
export type SharedLog = SharedArrayBuffer

/** Where the log begins in a {@link SharedLog}, in bytes. */
export const SHARED_HEAD_BYTES = 8
export const FULL_LOG = -1

/** What a worker says when a message has ended by itself. */
export type RunEnding = Pick<RunRecording, 'log' | 'end'>

/** One message, as the worker has recorded it. */
export interface RunRecording {
  method: string
  start: RecordedStart
  /** The calls of the guest and what it was told, as in `events.ts`. Undefined if it was too long. */
  log: Uint8Array<ArrayBuffer> | undefined
  end: RecordedEnd
}

/** @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with it. */
export function readRunRecording(value: unknown): RunRecording {
  const { method, start, log, end } = fields(value)
  const { status, code } = fields(end)
  const known = [...ENDS, ...CUTS].find((each) => each === status)
  if (!isText(method)) throw bad('it does not name its method')
  if (!known || !Number.isInteger(code)) throw bad('it does not say how the call ended')
  if (log !== undefined && (!isBytes(log) || log.length > MAX_LOG_BYTES)) throw bad('it has no log')
  return { method, start: readStart(start), log, end: { status: known, code: Number(code) } }
}

/** Why a recording cannot be replayed, in a sentence; undefined if it can be. */
export function missingOf({ start, log }: Pick<RunRecording, 'start' | 'log'>): string | undefined {
  if (start.kind === 'missing') return `What it had in memory before the call is not known, because ${start.why}.`
  if (!log) return `What the program was told is more than ${MAX_LOG_BYTES / 1024 / 1024} MiB, so it was not kept.`
  return undefined
}

/** Reads the log of a method that was ended. The worker may have been writing. */
export function readSharedLog(shared: SharedLog): Uint8Array<ArrayBuffer> | undefined {
  const length = Atomics.load(new Int32Array(shared, 0, 1), 0)
  if (length < 0 || length > shared.byteLength - SHARED_HEAD_BYTES) return undefined
  return new Uint8Array(shared, SHARED_HEAD_BYTES, length).slice()
}

export function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `The recorded call cannot be used: ${why}.`, { cause })
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

function readStart(value: unknown): RecordedStart {
  const { kind, events, initialized, why, memoryBytes, units, bytes, globals } = fields(value)
  if (kind === 'missing' && isText(why)) return { kind, why }
  if (kind === 'fresh' && isCount(events, MAX_LOG_BYTES)) return { kind, events, initialized: initialized === true }
  if (kind !== 'memory') throw bad('it does not say what was in memory before the call')
  if (!isCount(memoryBytes, MAX_MEMORY_BYTES) || memoryBytes % PAGE_BYTES !== 0) throw bad('its memory has no size')
  if (!isBytes(bytes) || bytes.length > MAX_STATE_BYTES || !isUnits(units, memoryBytes, bytes.length))
    throw bad('its memory is not whole')
  if (!Array.isArray(globals) || globals.length > MAX_GLOBALS) throw bad('it has no variables')
  return { kind, memoryBytes, units, bytes, globals: globals.map(readGlobal) }
}

function isUnits(value: unknown, memoryBytes: number, bytes: number): value is number[] {
  if (!Array.isArray(value) || value.length * UNIT_BYTES !== bytes) return false
  const most = memoryBytes / UNIT_BYTES
  return value.every((unit: unknown, i) => isCount(unit, most - 1) && (i === 0 || unit > Number(value[i - 1])))
}

function readGlobal(value: unknown): GlobalValue {
  const { index, type, value: number } = fields(value)
  if (isCount(index, Number.MAX_SAFE_INTEGER)) {
    if (type === 'i64' && typeof number === 'bigint') return { index, type, value: number }
    if ((type === 'i32' || type === 'f32' || type === 'f64') && typeof number === 'number')
      return { index, type, value: number }
  }
  throw bad('a variable of it has no value')
}

export function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most
}
