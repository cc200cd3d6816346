/** Time that a pulse takes for one edge, in ms. */
const EDGE_MS = 320
/** Pulses that move at the same time. More would say no more. */
const MOST = 150

/** A call, or several at once, on its way along the nodes of the graph. */
export interface Pulse {
  readonly path: readonly string[]
  /** Those with equal keys move as one. */
  readonly key: string
  readonly startedAt: number
  readonly failed: boolean
  /** Calls that it stands for. */
  calls: number
}

/** Where a pulse is: between two nodes of its path. */
export interface PulsePlace {
  readonly from: string
  readonly to: string
  /** From 0 to 1. */
  readonly done: number
}

/** The pulses that are under way. */
export class Pulses {
  /** Calls that were shown by pulses. */
  total = 0
  #alive: Pulse[] = []

  /** @param now On the clock of frames, in ms. */
  start(path: readonly string[], failed: boolean, now: number): void {
    if (path.length < 2) return
    this.total += 1
    const key = `${now} ${failed} ${path.join(' ')}`
    const same = this.#alive.find((pulse) => pulse.key === key)
    if (same) same.calls += 1
    else if (this.#alive.length < MOST) this.#alive.push({ path, key, startedAt: now, failed, calls: 1 })
  }

  /** Those that have not arrived. */
  at(now: number): readonly Pulse[] {
    this.#alive = this.#alive.filter(({ path, startedAt }) => now - startedAt < (path.length - 1) * EDGE_MS)
    return this.#alive
  }
}

export function placeOf({ path, startedAt }: Pulse, now: number): PulsePlace | undefined {
  const edges = Math.max(0, now - startedAt) / EDGE_MS
  const at = Math.floor(edges)
  const [from, to] = [path[at], path[at + 1]]
  return from === undefined || to === undefined ? undefined : { from, to, done: edges - at }
}
