import type { Layout } from './layout.ts'
import type { Pulses } from './pulses.ts'

/** Time that one frame may take for places that nobody sees yet, in ms. */
const QUIET_MS = 10

export interface StageInit {
  layout: Layout
  pulses: Pulses
  /**
   * @param now The time of the frame, in ms.
   * @param isSame Only pulses have moved since the last time.
   */
  draw(now: number, isSame: boolean): void
  /** As `requestAnimationFrame` and `cancelAnimationFrame`. */
  requestFrame(run: (now: number) => void): number
  cancelFrame(id: number): void
  /** A clock in ms, for the time that a frame takes. */
  clock(): number
}

/**
 * Draws the graph when something in it has changed, and asks for frames only while something moves. Until the places of
 * a quiet layout are found, nothing is drawn: it appears at once.
 */
export class Stage {
  /** True: the person does not want motion, or the graph is not shown yet. */
  isQuiet = true
  readonly #init: StageInit
  #frame: number | undefined
  #isChanged = false
  #hadPulses = false
  #isStopped = false

  constructor(init: StageInit) {
    this.#init = init
  }

  /** Draws in the next frame. Called any number of times before it, it draws once. */
  changed(): void {
    this.#isChanged = true
    this.wake()
  }

  /** Something may move now. */
  wake(): void {
    if (this.#isStopped) return
    this.#frame ??= this.#init.requestFrame(this.#run)
  }

  /** Nothing is drawn any more. */
  stop(): void {
    this.#isStopped = true
    if (this.#frame !== undefined) this.#init.cancelFrame(this.#frame)
    this.#frame = undefined
  }

  readonly #run = (now: number): void => {
    this.#frame = undefined
    const { layout, pulses } = this.#init
    const wasSettled = layout.isSettled
    if (this.isQuiet) this.#settle()
    else layout.tick()
    const isHidden = this.isQuiet && !layout.isSettled
    const hasPulses = pulses.at(now).length > 0
    const isSame = !this.#isChanged && wasSettled
    // One frame more shows that the pulses have arrived.
    if (!isHidden && (!isSame || hasPulses || this.#hadPulses)) {
      this.#isChanged = false
      this.#hadPulses = hasPulses
      this.#init.draw(now, isSame)
    }
    if (this.#isChanged || this.#hadPulses || !layout.isSettled) this.wake()
  }

  #settle(): void {
    const { layout, clock } = this.#init
    const until = clock() + QUIET_MS
    while (!layout.isSettled && clock() < until) layout.tick()
  }
}
