import { GliaError } from '../errors.ts'
import { fields } from '../untrusted.ts'

/**
 * When a process comes back after its instance ended, as in OTP: always, only after an abnormal end, or never. It comes
 * back cold: its next message starts it.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** How a process is supervised. */
export interface Restart {
  type: RestartType
  /** Abnormal ends within the period after which it comes back. With one more it is dead (OTP's MaxR). */
  intensity: number
  /** In ms (OTP's MaxT). */
  periodMs: number
  /**
   * Whose messages' ends count for the intensity and cause waits. By default only those of this browser: otherwise any
   * peer that may call could keep a process down with a few bad messages.
   */
  counts: 'browser' | 'anyone'
}

export const DEFAULT_RESTART: Restart = { type: 'permanent', intensity: 5, periodMs: 60_000, counts: 'browser' }

const TYPES: ReadonlySet<unknown> = new Set<RestartType>(['permanent', 'transient', 'temporary'])
const MAX_INTENSITY = 10_000
const MAX_PERIOD_MS = 24 * 60 * 60 * 1000

/**
 * The defaults, replaced by the given fields.
 * @param given A type, or some of the fields.
 * @throws {GliaError} ERR_BAD_REQUEST that names the field that is unknown or out of range.
 */
export function makeRestart(given: unknown = {}): Restart {
  if (isType(given)) return { ...DEFAULT_RESTART, type: given }
  if (typeof given !== 'object' || given === null) throw wrong('restart', TYPE_WORDS)
  const restart = { ...DEFAULT_RESTART }
  for (const [key, value] of Object.entries(fields(given))) {
    if (value === undefined) continue
    switch (key) {
      case 'type':
        if (!isType(value)) throw wrong('restart.type', TYPE_WORDS)
        restart.type = value
        break
      case 'intensity':
        restart.intensity = readCount(key, value, 0, MAX_INTENSITY)
        break
      case 'periodMs':
        restart.periodMs = readCount(key, value, 1, MAX_PERIOD_MS)
        break
      case 'counts':
        if (value !== 'browser' && value !== 'anyone') throw wrong('restart.counts', "give 'browser' or 'anyone'")
        restart.counts = value
        break
      default:
        throw wrong(`restart.${key}`, 'there is no such setting')
    }
  }
  return restart
}

const TYPE_WORDS = "give 'permanent', 'transient' or 'temporary'"

function isType(value: unknown): value is RestartType {
  return TYPES.has(value)
}

function readCount(key: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw wrong(`restart.${key}`, `give a whole number from ${min} to ${max}, not ${String(value)}`)
}

function wrong(field: string, why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `${field}: ${why}.`)
}
