import { Backoff } from '../../glia/wait/backoff.ts'
import type { Reminder } from '../table/reminder.ts'

/** What a reminder takes besides its texts and its body, at most, in bytes. */
const OVERHEAD_BYTES = 1024
/** Waits after a process took no reminder, in ms. One that was not there for long is asked again soon after it is back. */
const BACKOFF_MS = { first: 1000, last: 5 * 60_000 }

interface Planned {
  reminder: Reminder
  /** When it is to be delivered, in ms since the epoch: once it is due, or later if it was refused. */
  tryAt: number
  /** False while it is being kept for the first time. */
  isKept: boolean
}

/** The reminders of a process, or of the instance of a key. It gets them one after the other. */
export class ReminderLine {
  readonly pid: string
  /** Whether it gets one now. */
  isBusy = false
  readonly #planned = new Map<string, Planned>()
  readonly #backoff = new Backoff(BACKOFF_MS)
  /** When it is asked again, on the clock of `performance.now()`. */
  #askAt: number | undefined
  #refusals = 0

  constructor(pid: string) {
    this.pid = pid
  }

  get size(): number {
    return this.#planned.size
  }

  /** In the order in which they are due. */
  get all(): Reminder[] {
    return [...this.#planned.values()].map(({ reminder }) => reminder).toSorted((a, b) => a.dueAt - b.dueAt)
  }

  get(id: string): Reminder | undefined {
    return this.#planned.get(id)?.reminder
  }

  /** @param tryAt Left out: when it is due. */
  put(reminder: Reminder, { tryAt = reminder.dueAt, isKept = true } = {}): void {
    this.#planned.set(reminder.id, { reminder, tryAt, isKept })
  }

  delete(id: string): void {
    this.#planned.delete(id)
  }

  /** The reminder that is to be delivered now; undefined if there is none. */
  next(now: number): Reminder | undefined {
    if (this.isBusy || this.#waitMs > 0) return undefined
    let first: Planned | undefined
    for (const planned of this.#planned.values()) {
      if (!planned.isKept || planned.tryAt > now) continue
      if (planned.reminder.dueAt < (first?.reminder.dueAt ?? Infinity)) first = planned
    }
    return first?.reminder
  }

  /** In how many ms {@link next} may have one; `Infinity`: when one is added, or the present one is over. */
  inMs(now: number): number {
    if (this.isBusy) return Infinity
    let at = Infinity
    for (const { tryAt, isKept } of this.#planned.values()) if (isKept && tryAt < at) at = tryAt
    return Math.max(0, at - now, this.#waitMs)
  }

  /** The process took none. It is asked again later. @returns how many times in a row that was so */
  refused(): number {
    this.#askAt = performance.now() + this.#backoff.next()
    return (this.#refusals += 1)
  }

  /** The process took one. */
  taken(): void {
    this.#refusals = 0
    this.#backoff.reset()
  }

  get #waitMs(): number {
    const ms = (this.#askAt ?? 0) - performance.now()
    if (ms <= 0) this.#askAt = undefined
    return Math.max(0, ms)
  }
}

/** Memory of a reminder, in bytes. */
export function sizeOf({ body, onBehalfOf = [] }: Pick<Reminder, 'body' | 'onBehalfOf'>): number {
  return OVERHEAD_BYTES + body.length + onBehalfOf.join('').length
}
