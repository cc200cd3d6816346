import { batch, signal } from '@preact/signals'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import type { CallsSource } from '../model.ts'
import { showError } from '../kit/notices.tsx'
import { CallRows } from './call-rows.ts'
import { ALL_CALLS, type CallFilter } from './filter.ts'
import { NO_PARTIES } from './parties.ts'
import { typed } from '../kit/typed.ts'
import { TableState } from '../kit/virtual-table.tsx'

/** How often the calls are looked at while they are shown, in ms. */
const LOOK_MS = 250
/** How often the times of calls under way are updated, in ms. */
const PENDING_MS = 1000

/** The calls as they are shown. It outlives the view. */
export class CallsState {
  readonly filter = typed.of<CallFilter>('choice of calls', ALL_CALLS)
  readonly paused = signal(false)
  /** Those of the list, the newest first. While it is paused they stay as they were. */
  readonly calls = signal<readonly TracedCall[]>([])
  /** All calls until now, the newest first. */
  readonly all = signal<readonly TracedCall[]>([])
  /** Who takes part in them. */
  readonly parties = signal(NO_PARTIES)
  /** Whether the calls of earlier pages are there. */
  readonly isWhole = signal(false)
  readonly table = new TableState('calls')
  /** Key of the row that was last chosen. */
  readonly chosen = signal<string | undefined>(undefined)
  readonly #rows = new CallRows()
  #isAsked = false
  #version = -1
  /** When the person paused the list, in ms since the epoch. */
  #pausedAt = 0
  #lookedAt = 0

  /** Follows the calls. @returns a function that ends it. */
  follow(source: CallsSource): () => void {
    if (!this.#isAsked) void this.#loadEarlier(source)
    this.#isAsked = true
    this.look(source)
    const timer = setInterval(() => {
      if (!document.hidden) this.look(source)
    }, LOOK_MS)
    return () => clearInterval(timer)
  }

  edit(changes: Partial<CallFilter>): void {
    this.filter.value = { ...this.filter.value, ...changes }
  }

  pause(source: CallsSource, paused: boolean): void {
    this.paused.value = paused
    this.#pausedAt = Date.now()
    if (!paused) this.#show(source)
  }

  /** Reads the calls that are new. */
  look(source: CallsSource): void {
    const isDue = Date.now() - this.#lookedAt >= PENDING_MS && [...source.trace.pending].length > 0
    if (source.trace.version !== this.#version || isDue) this.#show(source)
  }

  async clear(source: CallsSource): Promise<void> {
    this.#rows.clear()
    const cleared = source.clear()
    this.#show(source)
    this.calls.value = this.all.value
    await cleared
  }

  async #loadEarlier(source: CallsSource): Promise<void> {
    try {
      this.#rows.addEarlier(await source.earlier())
    } catch (thrown) {
      showError('The calls of earlier visits could not be read', thrown)
    }
    this.#show(source)
    if (this.paused.peek()) this.#addEarlier()
    this.isWhole.value = true
  }

  /** Adds calls of earlier visits to a list that is paused. Those that it has stay as they are. */
  #addEarlier(): void {
    const shown = new Map(this.calls.peek().map((call) => [call.id, call]))
    const calls = this.all.peek().filter(({ id, at }) => shown.has(id) || at <= this.#pausedAt)
    this.calls.value = calls.map((call) => shown.get(call.id) ?? call)
  }

  #show({ trace }: CallsSource): void {
    this.#version = trace.version
    this.#lookedAt = Date.now()
    const calls = this.#rows.list(trace)
    batch(() => {
      this.all.value = calls
      if (!this.paused.peek()) this.calls.value = calls
      this.parties.value = this.#rows.parties
    })
  }
}
