import { type ErrorCode, type GliaError, toGliaError } from '../../glia/errors.ts'
import { processOf } from '../../glia/instance-key.ts'
import type { Logger } from '../../glia/log.ts'
import { concat } from '../../glia/stream/concat.ts'
import type { Reminder, ReminderStore } from '../table/reminder.ts'
import {
  type Addressee,
  checkAddressee,
  checkReminder,
  type FiledReminder,
  MAX_BYTES_OF_WHOLE,
  MAX_OF_ONE,
} from './check-reminder.ts'
import { ReminderLine, sizeOf } from './reminder-line.ts'
import { bad, isDate, nextOf, replanned } from './reminder-times.ts'

/** The head line of the message of a reminder, as JSON. */
export interface ReminderHead {
  readonly reminder: string
  /** When it was due, ISO 8601. */
  readonly due: string
  /** How late it is, in ms. */
  readonly lateMs: number
  /** How many more were due since then and are not delivered: the peer was away, or the process took none. */
  readonly missed: number
}

/** What became of a message to a process. */
export interface Delivery {
  /** Whether the process has begun to run it. */
  readonly ran: boolean
  /** Undefined: it has succeeded. */
  readonly error: GliaError | undefined
}

export interface RemindersInit {
  /** Identity to which the processes belong. */
  readonly slot: number
  /** Undefined: nothing is kept. */
  readonly store: ReminderStore | undefined
  /** Sends a message to a process, as from itself. Resolves with the end of the reply. Never rejects. */
  deliver(reminder: Reminder, message: Uint8Array): Promise<Delivery>
  /** The process, also by the PID of an instance; undefined if there is none. */
  find(pid: string): Addressee | undefined
  /** Adds a line to the log of the process. */
  note(pid: string, line: string): void
  readonly log: Logger
}

/** Longest wait of one timer, in ms. A timer does not see that the clock was set, or that the machine was asleep. */
const MAX_TIMER_MS = 60_000
/** Instances of one process that get a reminder at once. A process may have 10,000 that are due at the same time. */
const MAX_AT_ONCE = 16
/** Processes that were killed and whose reminders wait for an undo. */
const MAX_GONE = 256

/** Refusals that do not end by waiting. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'ERR_BAD_ADDRESS',
  'ERR_BAD_REQUEST',
  'ERR_DENIED',
  'ERR_MESSAGE_TOO_LARGE',
  'ERR_NO_METHOD',
])

/** The reminders of a process and of all its instances. */
interface Whole {
  readonly pid: string
  readonly lines: Map<string, ReminderLine>
  bytes: number
  /** Those that get one now. */
  running: number
  /** Those that are to get one when others are done. */
  readonly ready: Set<ReminderLine>
}

/**
 * The reminders of the processes of a peer. They are kept, and outlive a restart. What was missed meanwhile is delivered
 * once, late, and says so. The same happens to one that the process did not take, because its mailbox was full or no
 * worker was free. A peer that is killed while it delivers one delivers it again: its id and time are the same.
 */
export class Reminders {
  readonly #init: RemindersInit
  readonly #wholes = new Map<string, Whole>()
  readonly #deliveries = new Set<Promise<void>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer ends, on the clock of `performance.now()`. */
  #timerAt = Infinity
  #hasBegun = false
  #isStopped = false

  constructor(init: RemindersInit) {
    this.#init = init
  }

  /** Reads those that are kept. @throws {GliaError} ERR_STORAGE */
  async load(): Promise<void> {
    const { store, slot, find, note } = this.#init
    for (const reminder of (await store?.reminders(slot)) ?? []) {
      const { id, pid, dueAt } = reminder
      if (!find(pid)) continue
      if (isDate(dueAt)) this.#put(reminder)
      else note(pid, `The reminder ${id} does not come: what was kept of it is damaged.`)
    }
  }

  /** Begins to deliver, with what was missed. */
  begin(): void {
    this.#hasBegun = true
    this.#look()
  }

  /** Begins no delivery any more. One that the process does not get to the end is delivered after the next start. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Resolves when no delivery is under way, and what follows from the last ones is kept. */
  async settled(): Promise<void> {
    while (this.#deliveries.size > 0) await Promise.all(this.#deliveries)
  }

  /** In the order in which they are due. */
  of(pid: string): Reminder[] {
    return this.#lineOf(pid)?.all ?? []
  }

  /**
   * Adds a reminder. Resolves to it when it is kept.
   * @param head What a message to `sys/remind` says: `method`, and one of `inMs`, `at`, `everyMs` and `cron`.
   * @param onBehalfOf Peers for which it is asked for.
   * @throws {GliaError} ERR_NO_PROC; ERR_NO_METHOD; ERR_BAD_REQUEST; ERR_MESSAGE_TOO_LARGE; ERR_STORAGE
   */
  async add(
    pid: string,
    head: Readonly<Record<string, unknown>>,
    body: Uint8Array,
    onBehalfOf: readonly string[] = [],
  ): Promise<Reminder> {
    const reminder = checkReminder(pid, this.#init.find(pid), head, body, onBehalfOf)
    this.#checkRoom(pid, 1, sizeOf(reminder))
    // Counted from here: many may be asked for at once.
    this.#put(reminder, false)
    try {
      await this.#init.store?.putReminder(reminder)
    } catch (thrown) {
      this.#drop(reminder)
      throw thrown
    }
    const line = this.#lineOf(pid)
    if (line?.get(reminder.id)) {
      line.put(reminder)
      this.#wakeIn(line.inMs(Date.now()))
    }
    return reminder
  }

  /**
   * Checks whether a process may have reminders of a file, besides its own. One takes the place of one with its id.
   * @throws {GliaError} ERR_NO_PROC; ERR_NO_METHOD; ERR_BAD_REQUEST; ERR_MESSAGE_TOO_LARGE
   */
  checkGiven(pid: string, given: readonly FiledReminder[]): void {
    for (const { method, body } of given) checkAddressee(pid, this.#init.find(pid), method, body)
    const line = this.#lineOf(pid)
    const added = given.filter(({ id }) => !line?.get(id))
    this.#checkRoom(
      pid,
      added.length,
      added.map(sizeOf).reduce((sum, bytes) => sum + bytes, 0),
    )
  }

  /** Adds reminders of a file. Those that are due come at once, late. @throws like {@link checkGiven}; ERR_STORAGE */
  async give(pid: string, given: readonly FiledReminder[]): Promise<void> {
    const { store } = this.#init
    this.checkGiven(pid, given)
    const reminders = given.map((each): Reminder => ({ ...each, pid }))
    for (const each of reminders) {
      const before = this.#lineOf(pid)?.get(each.id)
      if (before) this.#drop(before)
      this.#put(each)
    }
    this.#look()
    await Promise.all(reminders.map(async (each) => store?.putReminder(each)))
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if the process has no such reminder; ERR_STORAGE */
  async remove(pid: string, id: unknown): Promise<void> {
    const found = typeof id === 'string' ? this.#lineOf(pid)?.get(id) : undefined
    if (!found) throw bad('id: the process has no such reminder')
    try {
      await this.#forget(found)
    } catch (thrown) {
      // Whoever is told that it did not work can do it again.
      this.#put(found)
      throw thrown
    }
  }

  /** The process is gone with its keys, or an instance of it. */
  async removeAll(pid: string): Promise<void> {
    const line = this.#lineOf(pid)
    const lines = processOf(pid) === pid ? [...(this.#wholeOf(pid)?.lines.values() ?? [])] : line ? [line] : []
    await Promise.all(lines.flatMap(({ all }) => all.map((each) => this.#forget(each))))
  }

  /**
   * The process was killed or dead, and is back: the store may have forgotten its reminders. What was due meanwhile comes
   * now. Never rejects.
   */
  async keepAgain(pid: string): Promise<void> {
    const { store, log } = this.#init
    const lines = [...(this.#wholeOf(pid)?.lines.values() ?? [])]
    for (const line of lines) line.taken()
    const kept = lines.flatMap(({ all }) => all.map(async (each) => store?.putReminder(each)))
    await Promise.all(kept).catch((thrown: unknown) => log.warn(`reminders of ${pid} could not be kept:`, thrown))
    this.#look()
  }

  #checkRoom(pid: string, count: number, bytes: number): void {
    const has = this.#lineOf(pid)?.size ?? 0
    if (has + count > MAX_OF_ONE) {
      throw bad(`the process has ${has} reminders already, and may have ${MAX_OF_ONE}`)
    }
    if ((this.#wholeOf(pid)?.bytes ?? 0) + bytes > MAX_BYTES_OF_WHOLE) {
      throw bad(`the reminders of the process and its keys may have ${MAX_BYTES_OF_WHOLE} bytes`)
    }
  }

  #wholeOf(pid: string): Whole | undefined {
    return this.#wholes.get(processOf(pid))
  }

  #lineOf(pid: string): ReminderLine | undefined {
    return this.#wholeOf(pid)?.lines.get(pid)
  }

  #put(reminder: Reminder, isKept = true): void {
    const { pid } = reminder
    const name = processOf(pid)
    const whole = this.#wholes.get(name) ?? { pid: name, lines: new Map(), bytes: 0, running: 0, ready: new Set() }
    const line = whole.lines.get(pid) ?? new ReminderLine(pid)
    this.#wholes.set(name, whole)
    whole.lines.set(pid, line)
    line.put(reminder, { isKept })
    whole.bytes += sizeOf(reminder)
  }

  #drop(reminder: Reminder): void {
    const whole = this.#wholeOf(reminder.pid)
    const line = whole?.lines.get(reminder.pid)
    if (!whole || !line?.get(reminder.id)) return
    line.delete(reminder.id)
    whole.bytes -= sizeOf(reminder)
    if (line.size > 0 || line.isBusy) return
    this.#close(whole, line)
  }

  #close(whole: Whole, line: ReminderLine): void {
    whole.ready.delete(line)
    if (whole.lines.get(line.pid) === line) whole.lines.delete(line.pid)
    if (whole.lines.size === 0 && this.#wholes.get(whole.pid) === whole) this.#wholes.delete(whole.pid)
  }

  /** @throws {GliaError} ERR_STORAGE: then it comes after the next start */
  async #forget(reminder: Reminder): Promise<void> {
    this.#drop(reminder)
    await this.#init.store?.deleteReminder(reminder)
  }

  /** Has the timer end at the latest in so many ms. */
  #wakeIn(ms: number): void {
    if (!this.#hasBegun || this.#isStopped || ms === Infinity) return
    const waitMs = Math.min(ms, MAX_TIMER_MS)
    const at = performance.now() + waitMs
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => this.#look(), waitMs)
  }

  /** Looks through all reminders. */
  #look(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
    if (!this.#hasBegun || this.#isStopped) return
    const now = Date.now()
    const gone: string[] = []
    let inMs = Infinity
    for (const whole of this.#wholes.values()) {
      if (!this.#init.find(whole.pid)) {
        gone.push(whole.pid)
        continue
      }
      for (const line of whole.lines.values()) {
        this.#setClock(line, now)
        if (line.next(now)) whole.ready.add(line)
        else inMs = Math.min(inMs, line.inMs(now))
      }
      this.#serve(whole, now)
    }
    for (const pid of gone.slice(0, -MAX_GONE)) this.#wholes.delete(pid)
    this.#wakeIn(inMs)
  }

  /** Begins the deliveries that may begin now. */
  #serve(whole: Whole, now: number): void {
    if (this.#isStopped) return
    for (const line of whole.ready) {
      if (whole.running >= MAX_AT_ONCE) return
      whole.ready.delete(line)
      const reminder = line.next(now)
      if (!reminder) continue
      line.isBusy = true
      whole.running += 1
      const delivery = this.#deliver(line, reminder).finally(() => {
        line.isBusy = false
        whole.running -= 1
        this.#deliveries.delete(delivery)
        this.#after(whole, line)
      })
      this.#deliveries.add(delivery)
    }
  }

  /** A delivery is over: the next one of this process may begin. */
  #after(whole: Whole, line: ReminderLine): void {
    const now = Date.now()
    if (line.size === 0) {
      this.#close(whole, line)
    } else if (this.#init.find(whole.pid)) {
      if (line.next(now)) whole.ready.add(line)
      else this.#wakeIn(line.inMs(now))
    }
    this.#serve(whole, now)
  }

  /** Never rejects. */
  async #deliver(line: ReminderLine, reminder: Reminder): Promise<void> {
    const { id, dueAt, body } = reminder
    const now = Date.now()
    const { next, missed } = this.#nextOf(reminder, now)
    const due = new Date(dueAt).toISOString()
    const head: ReminderHead = { reminder: id, due, lateMs: Math.max(0, Math.floor(now - dueAt)), missed }
    const message = concat([new TextEncoder().encode(`${JSON.stringify(head)}\n`), body])
    const { ran, error } = await this.#init.deliver(reminder, message)
    // It was taken back, or its process was killed.
    if (!line.get(id)) return
    if (ran) {
      line.taken()
      // The peer ended what ran: the next one delivers it again.
      if (!(this.#isStopped && error?.code === 'ERR_PROC_STOPPED')) await this.#goOn(reminder, next, now)
    } else if (!this.#isStopped && this.#init.find(line.pid)) {
      await this.#refused(line, reminder, next, error)
    }
  }

  /** The process did not take it. */
  async #refused(
    line: ReminderLine,
    reminder: Reminder,
    next: number | undefined,
    error: GliaError | undefined,
  ): Promise<void> {
    const { id, method, again } = reminder
    const why = error ? `${error.message} ${error.code}` : 'It ended before the process had it.'
    if (!error || !LASTING.has(error.code)) {
      if (line.refused() > 1) return
      const then = 'It is tried again in about 1 s, and then ever more rarely, at least every 5 min.'
      this.#init.note(line.pid, `The reminder ${id} for ${method} was not taken: ${why} ${then}`)
    } else if (again && next !== undefined) {
      line.put(reminder, { tryAt: next })
    } else {
      this.#init.note(line.pid, `The reminder ${id} for ${method} is given up: ${why}`)
      await this.#goOn(reminder, undefined, 0)
    }
  }

  /** Whether it comes again or not, it is not to be delivered a second time. */
  async #goOn(reminder: Reminder, next: number | undefined, now: number): Promise<void> {
    const { store } = this.#init
    try {
      if (next === undefined) return await this.#forget(reminder)
      const later: Reminder = { ...reminder, dueAt: next, plannedAt: now }
      this.#lineOf(reminder.pid)?.put(later)
      await store?.putReminder(later)
    } catch (thrown) {
      this.#notKept(reminder, thrown)
    }
  }

  /** Puts the reminders right that were planned by a clock that has been set back since. */
  #setClock(line: ReminderLine, now: number): void {
    for (const reminder of line.all) {
      const times = replanned(reminder, now)
      if (!times) continue
      const moved: Reminder = { ...reminder, ...times }
      line.put(moved)
      this.#init.store?.putReminder(moved).catch((thrown: unknown) => this.#notKept(moved, thrown))
    }
  }

  /** Of a pattern or a time zone that this runtime does not know, as another one may have kept it, this was the last time. */
  #nextOf(reminder: Reminder, now: number): ReturnType<typeof nextOf> {
    try {
      return nextOf(reminder, now)
    } catch (thrown) {
      const { id, pid, method } = reminder
      this.#init.note(pid, `The reminder ${id} for ${method} does not come again: ${toGliaError(thrown).message}`)
      return { next: undefined, missed: 0 }
    }
  }

  #notKept({ id, pid, method }: Reminder, thrown: unknown): void {
    const why = toGliaError(thrown).message
    this.#init.note(pid, `What became of the reminder ${id} for ${method} could not be kept: ${why}`)
    this.#init.log.warn(`a reminder of ${pid} could not be kept:`, why)
  }
}
