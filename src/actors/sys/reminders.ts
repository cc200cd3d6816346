import { Cron } from 'croner'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { processOf } from '../../glia/instance-key.ts'
import type { Logger } from '../../glia/log.ts'
import { concat } from '../../glia/stream/concat.ts'
import type { Again, Reminder, ReminderStore } from '../table/reminder.ts'

/** The head line of the message of a reminder, as JSON. */
export interface ReminderHead {
  readonly reminder: string
  /** When it was due, ISO 8601. */
  readonly due: string
  /** How late it is, in ms. */
  readonly lateMs: number
  /** How many more were due since then, while the peer was away, and are not delivered. */
  readonly missed: number
}

export interface RemindersInit {
  /** Identity to which the processes belong. */
  readonly slot: number
  /** Undefined: nothing is kept. */
  readonly store: ReminderStore | undefined
  /** Sends a message to a process, as from itself. Resolves with the end of the reply. */
  deliver(reminder: Reminder, message: Uint8Array): Promise<void>
  /** Whether the process exists. */
  has(pid: string): boolean
  readonly log: Logger
}

/** Reminders that a process may have, or an instance of it. */
const MAX_OF_PROCESS = 100
/** Largest memory of the reminders of a process with all its instances, in bytes. */
const MAX_BYTES_OF_WHOLE = 64 * 1024 * 1024
/** What a reminder takes besides its body, at most, in bytes. */
const OVERHEAD_BYTES = 1024
const MAX_BODY_BYTES = 64 * 1024
/** Shortest time between two of one reminder, in ms. */
const MIN_EVERY_MS = 1000
/** Longest wait of one timer, in ms. Node and browsers take no longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * The reminders of the processes of a peer. They are kept, and outlive a restart. What was missed meanwhile is delivered
 * once, late, and says so. A peer that is killed while it delivers one delivers it again: its id and time are the same.
 */
export class Reminders {
  readonly #init: RemindersInit
  readonly #all = new Map<string, Reminder>()
  /** The processes that get a reminder now. Their others wait: a mailbox would refuse most of many that are due at once. */
  readonly #busy = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false

  constructor(init: RemindersInit) {
    this.#init = init
  }

  /** Begins to deliver, with what was missed. @throws {GliaError} ERR_STORAGE */
  async start(): Promise<void> {
    const { store, slot, has } = this.#init
    const kept = (await store?.reminders(slot)) ?? []
    for (const reminder of kept) if (has(reminder.pid)) this.#all.set(reminder.id, reminder)
    this.#schedule()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** In the order in which they are due. */
  of(pid: string): Reminder[] {
    return [...this.#all.values()].filter((each) => each.pid === pid).toSorted((a, b) => a.dueAt - b.dueAt)
  }

  /**
   * Adds a reminder. Resolves to it when it is kept.
   * @param head What a message to `sys/remind` says: `method`, and one of `inMs`, `at`, `everyMs` and `cron`.
   * @param onBehalfOf Peers for which it is asked for.
   * @throws {GliaError} ERR_BAD_REQUEST; ERR_STORAGE
   */
  async add(
    pid: string,
    head: Readonly<Record<string, unknown>>,
    body: Uint8Array,
    onBehalfOf: readonly string[] = [],
  ): Promise<Reminder> {
    const { method, timeZone = 'UTC' } = head
    if (typeof method !== 'string' || method === '') throw bad('method: give the name of a method')
    if (body.length > MAX_BODY_BYTES) throw bad(`the body has more than ${MAX_BODY_BYTES} bytes`)
    if (this.of(pid).length >= MAX_OF_PROCESS) throw bad(`the process has ${MAX_OF_PROCESS} reminders already`)
    if (this.#bytesOfWhole(pid) + sizeOf(body) > MAX_BYTES_OF_WHOLE) {
      throw bad(`the reminders of the process and its keys have ${MAX_BYTES_OF_WHOLE} bytes already`)
    }
    if (typeof timeZone !== 'string') throw bad('timeZone: give a name such as Europe/Berlin')
    const { dueAt, again } = timesOf(head, timeZone)
    const reminder: Reminder = {
      id: crypto.randomUUID(),
      pid,
      method,
      body,
      dueAt,
      ...(again && { again }),
      ...(onBehalfOf.length > 0 && { onBehalfOf }),
    }
    await this.#init.store?.putReminder(reminder)
    this.#all.set(reminder.id, reminder)
    this.#schedule()
    return reminder
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if the process has no such reminder; ERR_STORAGE */
  async remove(pid: string, id: unknown): Promise<void> {
    const found = typeof id === 'string' ? this.#all.get(id) : undefined
    if (found?.pid !== pid) throw bad('id: the process has no such reminder')
    await this.#forget(found)
  }

  /** The process is gone with its keys, or an instance of it. */
  async removeAll(pid: string): Promise<void> {
    const gone = [...this.#all.values()].filter((each) => each.pid === pid || processOf(each.pid) === pid)
    await Promise.all(gone.map((each) => this.#forget(each)))
  }

  /**
   * The process is being killed, and may be brought back. Its keys are not.
   * @returns a function that gives it its reminders back. It never rejects.
   */
  hold(pid: string): () => Promise<void> {
    const held = this.of(pid)
    // The store forgets them with the process.
    for (const { id, pid: whose } of this.#all.values()) if (processOf(whose) === pid) this.#all.delete(id)
    return async () => {
      for (const reminder of held) this.#all.set(reminder.id, reminder)
      await this.keepAgain(pid)
      this.#schedule()
    }
  }

  /** The process was killed, and is back: the store has forgotten its reminders. Never rejects. */
  async keepAgain(pid: string): Promise<void> {
    const { store, log } = this.#init
    const kept = this.of(pid).map(async (each) => store?.putReminder(each))
    await Promise.all(kept).catch((thrown: unknown) => log.warn(`reminders of ${pid} could not be kept:`, thrown))
  }

  #bytesOfWhole(pid: string): number {
    const whole = processOf(pid)
    let bytes = 0
    for (const each of this.#all.values()) if (processOf(each.pid) === whole) bytes += sizeOf(each.body)
    return bytes
  }

  async #forget(reminder: Reminder): Promise<void> {
    this.#all.delete(reminder.id)
    await this.#init.store?.deleteReminder(reminder)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    let next = Infinity
    for (const { pid, dueAt } of this.#all.values()) if (!this.#busy.has(pid)) next = Math.min(next, dueAt)
    if (next === Infinity) return
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(0, next - Date.now()), MAX_TIMER_MS))
  }

  #look(): void {
    if (this.#isStopped) return
    const now = Date.now()
    const due = [...this.#all.values()].filter(({ dueAt }) => dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt)
    for (const reminder of due) {
      const { pid } = reminder
      if (this.#busy.has(pid)) continue
      this.#busy.add(pid)
      void this.#deliver(reminder).finally(() => {
        this.#busy.delete(pid)
        this.#look()
      })
    }
    this.#schedule()
  }

  /** Never rejects. */
  async #deliver(reminder: Reminder): Promise<void> {
    const { log, store } = this.#init
    const { id, pid, dueAt, body } = reminder
    const now = Date.now()
    const { next, missed } = this.#nextOf(reminder, now)
    const head: ReminderHead = { reminder: id, due: new Date(dueAt).toISOString(), lateMs: now - dueAt, missed }
    const message = concat([new TextEncoder().encode(`${JSON.stringify(head)}\n`), body])
    try {
      await this.#init.deliver(reminder, message)
    } catch (thrown) {
      // The process's log has it too.
      log.debug(`a reminder of ${pid} failed:`, toGliaError(thrown).message)
    }
    // A peer that stops ends what runs: the next one delivers it again.
    if (this.#isStopped || !this.#all.has(id)) return
    try {
      if (next === undefined || !this.#init.has(pid)) return await this.#forget(reminder)
      const later = { ...reminder, dueAt: next }
      this.#all.set(id, later)
      await store?.putReminder(later)
    } catch (thrown) {
      log.warn(`a reminder of ${pid} could not be kept:`, thrown)
    }
  }

  /** Of a pattern or a time zone that this runtime does not know, as another one may have kept it, this was the last time. */
  #nextOf(reminder: Reminder, now: number): ReturnType<typeof nextOf> {
    try {
      return nextOf(reminder, now)
    } catch (thrown) {
      this.#init.log.warn(`a reminder of ${reminder.pid} does not come again:`, toGliaError(thrown).message)
      return { next: undefined, missed: 0 }
    }
  }
}

function sizeOf(body: Uint8Array): number {
  return OVERHEAD_BYTES + body.length
}

/** When a reminder is due after `now`, and how many times it was due between then and its own time. */
function nextOf({ dueAt, again }: Reminder, now: number): { next: number | undefined; missed: number } {
  if (!again) return { next: undefined, missed: 0 }
  if ('everyMs' in again) {
    const missed = Math.floor((now - dueAt) / again.everyMs)
    return { next: dueAt + (missed + 1) * again.everyMs, missed }
  }
  const cron = cronOf(again.cron, again.timeZone)
  let missed = 0
  let next = cron.nextRun(new Date(dueAt))
  while (next && next.getTime() <= now) {
    missed += 1
    // Of a pattern that is due each second they would be very many.
    next = missed < 10_000 ? cron.nextRun(next) : cron.nextRun(new Date(now))
  }
  return { next: next?.getTime(), missed }
}

/** @throws {GliaError} ERR_BAD_REQUEST */
function timesOf(head: Readonly<Record<string, unknown>>, timeZone: string): { dueAt: number; again?: Again } {
  const { inMs, at, everyMs, cron } = head
  const given = [inMs, at, everyMs, cron].filter((each) => each !== undefined)
  if (given.length !== 1) throw bad('give one of inMs, at, everyMs and cron')
  const now = Date.now()
  if (cron !== undefined) {
    if (typeof cron !== 'string') throw bad('cron: give a text such as “0 9 * * 1”')
    const next = cronOf(cron, timeZone).nextRun()
    if (!next) throw bad('cron: it is never due')
    return { dueAt: next.getTime(), again: { cron, timeZone } }
  }
  if (everyMs !== undefined) {
    if (!isTime(everyMs) || everyMs < MIN_EVERY_MS) throw bad(`everyMs: give at least ${MIN_EVERY_MS}`)
    return { dueAt: now + everyMs, again: { everyMs } }
  }
  if (inMs !== undefined) {
    if (!isTime(inMs)) throw bad('inMs: give a number of milliseconds')
    return { dueAt: now + inMs }
  }
  const dueAt = typeof at === 'string' ? Date.parse(at) : at
  if (!isTime(dueAt)) throw bad('at: give a time as ISO 8601, or in ms since 1970')
  return { dueAt }
}

/** 100 000 years from now would be no date. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15 / 2
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

function bad(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `remind, ${why}.`)
}
