import type { Meter } from './meter.ts'
import { type Gauges, Series, type Span, SPANS } from './series.ts'

/** Processes with samples: those that did something last. A series takes 45 kB. */
const MAX_SERIES = 200
/** After so long without any change sampling rests, in ms. A view of the last minute shows nothing but rest then. */
const QUIET_MS = 61_000
/** The timer is due so long after the end of a second, so that it is never before it, in ms. */
const AFTER_MS = 5
/** Steps by which the clock may be ahead of the time that went by. Past it the machine slept, or the clock was set. */
const MAX_AHEAD = 2

/** What is sampled of a process. */
export interface Sampled {
  readonly meter: Meter
  readonly memoryBytes: number | undefined
  readonly waiting: number
  readonly isLive: boolean
}

export interface SamplerInit {
  /** Counts all calls of the peer. */
  meter: Meter
  /** The processes, by PID. */
  sources(): Iterable<readonly [string, Sampled]>
  /** Called after each sample. */
  sampled(): void
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/** Where the samples of a span end. */
interface Line {
  readonly span: Span
  /** Steps since the epoch that are over and sampled. */
  end: number
  /** The time of the last sample, on the clock of `performance.now()`. */
  at: number
}

interface Tracked {
  readonly series: Series
  /** What its meter had counted. */
  counted: number
  /** The round in which its process was there. */
  round: number
}

/**
 * Samples the peer and its processes once a second while something happens. While nothing happens no timer runs. What
 * was not sampled meanwhile is filled in when somebody looks, or when something happens again.
 */
export class Sampler {
  readonly #init: SamplerInit
  readonly #whole: Series
  /** By PID. The one that did something last is the last. */
  readonly #series = new Map<string, Tracked>()
  /** What meters had counted whose series was given up. */
  readonly #left = new WeakMap<Meter, number>()
  readonly #lines: readonly Line[]
  #timer: ReturnType<typeof setTimeout> | undefined
  #round = 0
  /** When something changed, on the clock of `performance.now()`. */
  #changedAt = 0
  #counted = 0

  constructor(init: SamplerInit) {
    this.#init = init
    this.#whole = new Series(init.meter)
    // The meter may have counted for a while.
    const agoMs = performance.now() - init.meter.since
    this.#lines = (Object.keys(SPANS) as Span[]).map((span) => ({ span, ...beginOf(span, agoMs) }))
    init.alive.addEventListener('abort', () => this.#stop(), { once: true })
    this.#wake()
  }

  /** Samples of all calls of the peer, and of its processes together. */
  get whole(): Series {
    return this.#whole
  }

  /** Samples of a process; undefined if it did nothing so far. */
  of(pid: string): Series | undefined {
    return this.#series.get(pid)?.series
  }

  /** Steps since the epoch that are sampled. */
  endOf(span: Span): number {
    return this.#lines.find((line) => line.span === span)?.end ?? 0
  }

  /** Whether nothing has happened for a while: the next samples are like the last one. */
  get isResting(): boolean {
    return this.#timer === undefined
  }

  /** Brings the samples up to now. */
  look(): void {
    if (this.isResting) this.#rest()
    else this.#sample()
  }

  readonly #wake = (): void => {
    this.#init.meter.touched = undefined
    if (this.#timer !== undefined || this.#init.alive.aborted) return
    if (this.#round > 0) this.#rest()
    this.#changedAt = performance.now()
    this.#setTimer()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#init.meter.touched = undefined
  }

  #setTimer(): void {
    const { stepMs } = SPANS.minutes
    this.#timer = setTimeout(this.#tick, stepMs - (Date.now() % stepMs) + AFTER_MS)
  }

  readonly #tick = (): void => {
    this.#sample()
    if (performance.now() - this.#changedAt < QUIET_MS) return this.#setTimer()
    this.#timer = undefined
    this.#init.meter.touched = this.#wake
  }

  #sample(): void {
    const now = Date.now()
    const at = performance.now()
    const due = this.#lines.filter(({ span, end }) => stepAt(span, now) !== end)
    if (due.length === 0) return
    this.#round += 1
    const sampled: [Series, Gauges][] = []
    let [memoryBytes, waiting, live] = [0, 0, 0]
    for (const [pid, source] of this.#init.sources()) {
      const gauges = gaugesOf(source)
      memoryBytes += gauges.memoryBytes
      waiting += gauges.waiting
      live += gauges.live
      const series = this.#seriesOf(pid, source)
      if (series) sampled.push([series, gauges])
    }
    this.#forget()
    const all = { memoryBytes, waiting, live }
    this.#notice(all, at)
    sampled.push([this.#whole, all])
    for (const line of due) this.#sampleLine(line, stepAt(line.span, now), at, sampled)
    this.#init.sampled()
  }

  #sampleLine(line: Line, end: number, at: number, sampled: readonly (readonly [Series, Gauges])[]): void {
    const { span } = line
    const { stepMs, size } = SPANS[span]
    const passedMs = at - line.at
    const isAhead = (end - line.end - MAX_AHEAD) * stepMs > passedMs
    // A clock that was set back leaves no place for the samples after it.
    const isBehind = end < line.end
    for (const [series, gauges] of sampled) {
      if (isBehind) series.blank(span, end - size, end)
      if (isAhead) series.blank(span, line.end, end - 1)
      series.sample(span, isAhead || isBehind ? end - 1 : line.end, end, passedMs / 1000, gauges)
    }
    line.end = end
    line.at = at
  }

  /** Nothing has happened since the last sample. */
  #rest(): void {
    for (const line of this.#lines) {
      const { end, at } = beginOf(line.span)
      for (const series of [this.#whole, ...Array.from(this.#series.values(), (each) => each.series)]) {
        if (end < line.end) series.blank(line.span, end - SPANS[line.span].size, end)
        series.rest(line.span, line.end, end)
      }
      line.end = end
      line.at = at
    }
  }

  /** The series of a process. A process that did nothing has none. */
  #seriesOf(pid: string, { meter, isLive }: Sampled): Series | undefined {
    const counted = countedBy(meter)
    const known = this.#series.get(pid)
    if (known) {
      known.round = this.#round
      if (known.counted === counted && !isLive) return known.series
      known.counted = counted
      this.#series.delete(pid)
      this.#series.set(pid, known)
      return known.series
    }
    const left = this.#left.get(meter)
    if (counted === (left ?? 0) && !isLive) return undefined
    const series = new Series(meter, left === undefined)
    this.#series.set(pid, { series, counted, round: this.#round })
    // What it did since its old series ended is not of this step.
    return left === undefined ? series : undefined
  }

  /** Gives up the series of processes that are gone, and those past the limit. */
  #forget(): void {
    for (const [pid, { round }] of this.#series) if (round !== this.#round) this.#series.delete(pid)
    if (this.#series.size <= MAX_SERIES) return
    const over = new Set([...this.#series.keys()].slice(0, this.#series.size - MAX_SERIES))
    for (const [pid, { meter }] of this.#init.sources()) if (over.has(pid)) this.#left.set(meter, countedBy(meter))
    for (const pid of over) this.#series.delete(pid)
  }

  #notice({ memoryBytes, waiting, live }: Gauges, at: number): void {
    const counted = countedBy(this.#init.meter)
    const last = this.#whole.gauges
    const isSame =
      counted === this.#counted && memoryBytes === last.memoryBytes && waiting === last.waiting && live === last.live
    this.#counted = counted
    if (!isSame) this.#changedAt = at
  }
}

function gaugesOf({ memoryBytes = 0, waiting, isLive }: Sampled): Gauges {
  return { memoryBytes, waiting, live: Number(isLive) }
}

/** Changes with everything that a meter counts. */
function countedBy({ calls, bytesIn, bytesOut }: Meter): number {
  return calls + bytesIn + bytesOut
}

function stepAt(span: Span, now: number): number {
  return Math.floor(now / SPANS[span].stepMs)
}

/** The step that ran so long ago, and when it began on the clock of `performance.now()`. */
function beginOf(span: Span, agoMs = 0): { end: number; at: number } {
  const now = Date.now()
  const end = stepAt(span, now - agoMs)
  return { end, at: performance.now() - (now - end * SPANS[span].stepMs) }
}
