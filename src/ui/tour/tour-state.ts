import { computed, signal } from '@preact/signals'
import { keepText, keptText } from '../kit/page-storage.ts'
import { STEPS } from './steps.ts'

const KEY = 'glia-tour'

interface Kept {
  /** Index of the step. The number of steps: the tour is over. */
  at: number
  isShown: boolean
}

/** How far the person is in the tour. The browser keeps it, so a reload goes on where it was. */
export class TourState {
  readonly #kept = signal(readKept(keptText(KEY)))
  readonly isShown = computed(() => this.#kept.value?.isShown === true)
  /** Index of the step; as many as there are steps: the tour is over. */
  readonly at = computed(() => this.#kept.value?.at ?? 0)
  /** Whether the person has not decided about the tour so far. */
  readonly isNew = computed(() => this.#kept.value === undefined)
  /** How often the person has asked for the tour since the page was opened. Each time the tour gets the keyboard. */
  readonly asked = signal(0)

  /** Shows the tour: the step where the person left it, or the first one again. */
  show(): void {
    const at = this.at.peek()
    this.#keep({ at: at < STEPS.length ? at : 0, isShown: true })
    this.asked.value += 1
  }

  leave(): void {
    this.#keep({ at: this.at.peek(), isShown: false })
  }

  /** Whether a step is the one that is shown. */
  isAt(at: number): boolean {
    return this.isShown.peek() && this.at.peek() === at
  }

  /** Goes on from a step, which was done or skipped. It can be told twice. */
  next(from: number): void {
    if (this.isAt(from)) this.#keep({ at: from + 1, isShown: true })
  }

  #keep(next: Kept): void {
    this.#kept.value = next
    // Where the browser keeps nothing, the tour lasts as long as the page.
    keepText(KEY, JSON.stringify(next))
  }
}

/** What was kept; undefined for a newcomer. What another version wrote in another way counts as left. */
export function readKept(json: string | null): Kept | undefined {
  if (json === null) return undefined
  try {
    const { at, isShown } = JSON.parse(json) as Partial<Record<keyof Kept, unknown>>
    if (Number.isInteger(at) && Number(at) >= 0 && Number(at) <= STEPS.length)
      return { at: Number(at), isShown: isShown === true }
  } catch {
    // It is no JSON, or null.
  }
  return { at: 0, isShown: false }
}
