import { GliaError, isExitCode } from './errors.ts'
import { isPeerId } from './peer-id.ts'
import { isPid } from './pid.ts'

const MiB = 1024 * 1024

/** What a process may do and what may be done to it. Least authority by default (DESIGN 6). */
export interface Policy {
  /** Who may call: every peer, this browser's pages and processes, or those and the peers listed by id. */
  callers: 'anyone' | 'browser' | readonly string[]
  /** Whether it may call other processes, as files under `/ww/0.1.0`. */
  call: boolean
  /** Longest time a message may wait in the mailbox, and then run, in ms each. */
  deadlineMs: number
  /** Messages that may wait for their turn. */
  mailbox: number
  /** Largest linear memory, at the start and grown, in bytes. */
  maxMemoryBytes: number
  /** Largest accepted message, in bytes. */
  maxMessageBytes: number
  /** Largest reply, in bytes. */
  maxReplyBytes: number
  /** Files and folders that may be open at once, the standard descriptors apart. */
  maxOpenFiles: number
  /** Calls to others that may be open at once. */
  maxCalls: number
  /** Largest memory of the files under `/data`, in bytes. */
  maxDataBytes: number
  /**
   * What `fsync` and O_SYNC under `/data` promise. `durable`: when they return, the files survive a browser that is killed.
   * `relaxed`: they ask for the files to be stored soon, and do not wait.
   */
  sync: 'relaxed' | 'durable'
  /**
   * Whether its instance may be ended while it is idle, to make room for another process. What is in its memory is lost. Off,
   * only an instance that holds nothing of the messages it had is ended.
   */
  evict: boolean
  /** Exit codes that are no failure, as 1 of grep and diff. 0 never is one. */
  okExits: readonly number[]
}

export const DEFAULT_POLICY: Policy = {
  callers: 'anyone',
  call: false,
  deadlineMs: 30_000,
  mailbox: 64,
  maxMemoryBytes: 256 * MiB,
  maxMessageBytes: 64 * MiB,
  maxReplyBytes: 1024 * MiB,
  maxOpenFiles: 128,
  maxCalls: 16,
  maxDataBytes: 64 * MiB,
  sync: 'relaxed',
  evict: false,
  okExits: [],
}

/** setTimeout takes a signed 32-bit number of ms; a longer wait would fire at once. */
const MAX_MS = 2 ** 31 - 1
const WASM32_BYTES = 4 * 1024 * MiB
/** More open descriptors than any program here has a use for; each takes some memory of the page or the worker. */
const MAX_OPEN = 65_536
/** More exit codes than any shell has. */
const MAX_OK_EXITS = 256

/**
 * The defaults with what was given on top.
 * @throws {GliaError} ERR_BAD_REQUEST naming the field that is unknown or out of range.
 */
export function makePolicy(given: Readonly<Record<string, unknown>> = {}): Policy {
  const policy = { ...DEFAULT_POLICY }
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue
    switch (key) {
      case 'callers':
        policy.callers = readCallers(value)
        break
      case 'deadlineMs':
        policy.deadlineMs = readCount(key, value, 1, MAX_MS)
        break
      case 'mailbox':
        policy.mailbox = readCount(key, value, 0, 1_000_000)
        break
      case 'maxMemoryBytes':
      case 'maxDataBytes':
        policy[key] = readCount(key, value, 0, WASM32_BYTES)
        break
      case 'maxMessageBytes':
      case 'maxReplyBytes':
        policy[key] = readCount(key, value, 0, Number.MAX_SAFE_INTEGER)
        break
      case 'maxOpenFiles':
      case 'maxCalls':
        policy[key] = readCount(key, value, 0, MAX_OPEN)
        break
      case 'sync':
        policy.sync = readSync(value)
        break
      case 'call':
      case 'evict':
        policy[key] = readSwitch(key, value)
        break
      case 'okExits':
        policy.okExits = readExits(value)
        break
      default:
        throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: there is no such setting.`)
    }
  }
  return policy
}

/** Whether a caller is a page of this browser, or a process of this tab, which is named by its PID. All others are peers. */
export function isOfThisBrowser(caller: string): boolean {
  return caller === 'browser' || isPid(caller)
}

/** Whether the policy lets a caller in. This browser always may: its pages can change the policy anyway. */
export function mayCall({ callers }: Policy, caller: string): boolean {
  return callers === 'anyone' || isOfThisBrowser(caller) || (callers !== 'browser' && callers.includes(caller))
}

function readCallers(value: unknown): Policy['callers'] {
  if (value === 'anyone' || value === 'browser') return value
  if (Array.isArray(value) && value.every((id): id is string => typeof id === 'string' && isPeerId(id))) return value
  throw new GliaError('ERR_BAD_REQUEST', "policy.callers: give 'anyone', 'browser' or a list of peer ids.")
}

function readSync(value: unknown): Policy['sync'] {
  if (value === 'relaxed' || value === 'durable') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.sync: give 'relaxed' or 'durable', not ${String(value)}.`)
}

function readExits(value: unknown): number[] {
  if (Array.isArray(value) && value.length <= MAX_OK_EXITS && value.every(isExitCode)) return [...value]
  throw new GliaError('ERR_BAD_REQUEST', `policy.okExits: give a list of at most ${MAX_OK_EXITS} exit codes.`)
}

function readSwitch(key: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: give true or false, not ${String(value)}.`)
}

function readCount(key: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new GliaError(
    'ERR_BAD_REQUEST',
    `policy.${key}: give a whole number from ${min} to ${max}, not ${String(value)}.`,
  )
}
