import { GliaError } from './errors.ts'
import { isPeerId } from './peer-id.ts'

const MiB = 1024 * 1024

/** What a process may do and what may be done to it. Least authority by default (DESIGN 6). */
export interface Policy {
  /** Who may call: every peer, the pages of this browser, or this browser and the peers listed by id. */
  callers: 'anyone' | 'browser' | readonly string[]
  /** Longest time a message may wait in the mailbox, and then run, in ms each. */
  deadlineMs: number
  /** Messages that may wait for their turn. */
  mailbox: number
  /** Largest linear memory a module may ask for at its start, in bytes. */
  maxMemoryBytes: number
  /** Largest accepted message, in bytes. */
  maxMessageBytes: number
}

export const DEFAULT_POLICY: Policy = {
  callers: 'anyone',
  deadlineMs: 30_000,
  mailbox: 64,
  maxMemoryBytes: 256 * MiB,
  maxMessageBytes: 64 * MiB,
}

/** setTimeout takes a signed 32-bit number of ms; a longer wait would fire at once. */
const MAX_MS = 2 ** 31 - 1
const WASM32_BYTES = 4 * 1024 * MiB

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
        policy.maxMemoryBytes = readCount(key, value, 0, WASM32_BYTES)
        break
      case 'maxMessageBytes':
        policy.maxMessageBytes = readCount(key, value, 0, Number.MAX_SAFE_INTEGER)
        break
      case 'call':
        if (value === false) break
        throw new GliaError('ERR_BAD_REQUEST', 'policy.call: this version cannot let a process call others yet.')
      default:
        throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: there is no such setting.`)
    }
  }
  return policy
}

/** Whether the policy lets a caller in. The pages of this browser always may: they can change the policy anyway. */
export function mayCall({ callers }: Policy, caller: string): boolean {
  return caller === 'browser' || callers === 'anyone' || (callers !== 'browser' && callers.includes(caller))
}

function readCallers(value: unknown): Policy['callers'] {
  if (value === 'anyone' || value === 'browser') return value
  if (Array.isArray(value) && value.every((id): id is string => typeof id === 'string' && isPeerId(id))) return value
  throw new GliaError('ERR_BAD_REQUEST', "policy.callers: give 'anyone', 'browser' or a list of peer ids.")
}

function readCount(key: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new GliaError(
    'ERR_BAD_REQUEST',
    `policy.${key}: give a whole number from ${min} to ${max}, not ${String(value)}.`,
  )
}
