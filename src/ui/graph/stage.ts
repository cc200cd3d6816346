import type { Layout } from './layout.ts'
import type { Pulses } from './pulses.ts'

/** Time that one frame may take for places that nobody sees yet, in ms. */
const QUIET_MS = 10
/** Time between two steps of the layout, in ms, and most steps in a frame: where frames are slow, it settles in time. */
const STEP_MS = 16
const MOST_STEPS = 6

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
  #steppedAt = 0
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
    else this.#step(now)
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

  #step(now: number): void {
    const steps = Math.max(1, Math.min(Math.round((now - this.#steppedAt) / STEP_MS), MOST_STEPS))
    this.#steppedAt = now
    for (let i = 0; i < steps; i++) this.#init.layout.tick()
  }

  #settle(): void {
    const { layout, clock } = this.#init
    const until = clock() + QUIET_MS
    while (!layout.isSettled && clock() < until) layout.tick()
  }
}
