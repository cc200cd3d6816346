import { Cron } from 'croner'
import { GliaError } from '../../glia/errors.ts'
import { fields } from '../../glia/untrusted.ts'
import type { Again, Reminder } from '../table/reminder.ts'

/** Shortest time between two of one reminder, in ms. */
const MIN_EVERY_MS = 1000
/** Latest time, and longest wait, in ms: half of what a `Date` can be. Their sum is a date, in the year 275760. */
const MAX_TIME = 8.64e15 / 2
/** Longest pattern, and longest name of a time zone, in UTF-16 units. */
const MAX_PATTERN = 256
const MAX_ZONE = 64
/** Patterns that have a name, as in crontab(5). */
const NAMES = /^@(?:hourly|daily|weekly|monthly|yearly|annually)$/
/** Most missed times of a pattern that are counted: croner 11 takes up to 0.2 ms for each, and a year has 31 million seconds. */
const MAX_MISSED = 100
/** The clock of a machine is set by less than this again and again, in ms. */
const CLOCK_SLACK_MS = 1000

/** ISO 8601, as `Date` reads it everywhere: a date, or a date and a time. */
const ISO = /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/

/** When a reminder is due: the part of it that the clock decides. */
type Times = Pick<Reminder, 'dueAt' | 'again' | 'plannedAt'>

/**
 * Reads when a reminder is due first, and when it comes again.
 * @param head What a message to `sys/remind` says: one of `inMs`, `at`, `everyMs` and `cron`.
 * @throws {GliaError} ERR_BAD_REQUEST that names the field
 */
export function readTimes(head: Readonly<Record<string, unknown>>, now: number): Times {
  const { inMs, at, everyMs, cron, timeZone } = head
  const given = [inMs, at, everyMs, cron].filter((each) => each !== undefined)
  if (given.length !== 1) throw bad('give one of inMs, at, everyMs and cron')
  if (timeZone !== undefined && cron === undefined) throw bad('timeZone: only a cron pattern has one')
  if (cron !== undefined) {
    const again = readAgain({ cron, timeZone: timeZone ?? 'UTC' })
    const { next: dueAt } = nextOf({ dueAt: now, again }, now)
    if (dueAt === undefined) throw bad('cron: it is never due')
    return { dueAt, again, plannedAt: now }
  }
  if (everyMs !== undefined) {
    const again = readAgain({ everyMs })
    return { dueAt: nextOf({ dueAt: now, again }, now).next ?? now, again, plannedAt: now }
  }
  if (inMs !== undefined) {
    if (!isTime(inMs)) throw bad('inMs: give a number of milliseconds')
    return { dueAt: now + Math.ceil(inMs), plannedAt: now }
  }
  const dueAt = typeof at === 'string' ? readDate(at) : at
  if (!isTime(dueAt)) throw bad('at: give a time as ISO 8601, or in ms since 1970')
  return { dueAt: Math.ceil(dueAt) }
}

/** A time as ISO 8601 in ms since 1970; undefined if it is none. */
function readDate(text: string): number | undefined {
  const [, year, month, day] = (ISO.exec(text) ?? []).map(Number)
  if (year === undefined || month === undefined || day === undefined) return undefined
  // `Date` takes 30 February for 2 March.
  const daysOfMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return day <= daysOfMonth ? Date.parse(text) : undefined
}

/** Reads when a reminder comes again. It may come from anywhere. @throws {GliaError} ERR_BAD_REQUEST that names the field */
export function readAgain(given: unknown): Again {
  const { everyMs, cron, timeZone } = fields(given)
  if (everyMs !== undefined) {
    if (!isTime(everyMs) || everyMs < MIN_EVERY_MS) throw bad(`everyMs: give at least ${MIN_EVERY_MS}`)
    return { everyMs: Math.ceil(everyMs) }
  }
  if (typeof cron !== 'string') throw bad('cron: give a text such as “0 9 * * 1”')
  if (cron.length > MAX_PATTERN) throw bad(`cron: a pattern has at most ${MAX_PATTERN} characters`)
  if (typeof timeZone !== 'string' || timeZone.length > MAX_ZONE) {
    throw bad('timeZone: give a name such as Europe/Berlin')
  }
  // croner takes more: years, and dates.
  const count = cron.trim().split(/\s+/).length
  if (count !== 5 && count !== 6 && !NAMES.test(cron.trim()))
    throw bad('cron: give five fields, or six with seconds first, or @hourly, @daily, @weekly, @monthly or @yearly')
  cronOf(cron, timeZone)
  return { cron, timeZone }
}

/**
 * When a reminder is due after `now`, and how many times it was due between its own time and now.
 * @throws {GliaError} ERR_BAD_REQUEST if this runtime does not know the pattern or the time zone
 */
export function nextOf({ dueAt, again }: Times, now: number): { next: number | undefined; missed: number } {
  if (!again) return { next: undefined, missed: 0 }
  if ('everyMs' in again) {
    const missed = Math.max(0, Math.floor((now - dueAt) / again.everyMs))
    return { next: dueAt + (missed + 1) * again.everyMs, missed }
  }
  const cron = cronOf(again.cron, again.timeZone)
  let missed = 0
  let next = cron.nextRun(new Date(dueAt))
  while (next && next.getTime() <= now) {
    missed += 1
    next = missed < MAX_MISSED ? cron.nextRun(next) : cron.nextRun(new Date(now))
  }
  return { next: next?.getTime(), missed }
}

/**
 * The times of a reminder on a clock that was set back since they were found: otherwise one that comes each second would
 * not come for a year. Undefined: they are right. A time that somebody gave always is.
 */
export function replanned({ dueAt, again, plannedAt }: Times, now: number): Times | undefined {
  if (plannedAt === undefined || now >= plannedAt - CLOCK_SLACK_MS) return undefined
  if (!again) return { dueAt: now + (dueAt - plannedAt), plannedAt: now }
  try {
    return { dueAt: nextOf({ dueAt: now, again }, now).next ?? dueAt, again, plannedAt: now }
  } catch {
    // This runtime does not know the pattern. The delivery says so.
    return { dueAt: now, again, plannedAt: now }
  }
}

/** @throws {GliaError} ERR_BAD_REQUEST */
function cronOf(pattern: string, timeZone: string): Cron {
  try {
    // croner looks at the time zone only when it is asked for a time.
    Intl.DateTimeFormat('en', { timeZone })
    return new Cron(pattern, { timezone: timeZone, paused: true })
  } catch (cause) {
    throw bad(`cron: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Whether a value is a time after 1970 that a `Date` can have, in ms. */
export function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 2 * MAX_TIME
}

/** Whether a value is a time that can be asked for, or a wait, in ms. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_TIME
}

export function bad(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `remind, ${why}.`)
}
