import { BUCKETS, quantileOf } from './histogram.ts'
import type { Meter } from './meter.ts'

/** What is sampled: counts per second, times in ms, bytes, numbers. `memory`, `waiting` and `live` are as they are. */
export const MEASURES = ['calls', 'errors', 'p50', 'p99', 'bytesIn', 'bytesOut', 'memory', 'waiting', 'live'] as const
export type Measure = (typeof MEASURES)[number]

/** How far back the samples go: 15 minutes, and an hour in larger steps. */
export const SPANS = { minutes: { stepMs: 1000, size: 900 }, hour: { stepMs: 10_000, size: 360 } } as const
export type Span = keyof typeof SPANS

/** What stands, in contrast to what is counted. */
export interface Gauges {
  readonly memoryBytes: number
  readonly waiting: number
  readonly live: number
}

/** Behind the measures a sample has the seconds that it is about: with them a rate is a number again. */
const COLUMNS = MEASURES.length + 1
/** Calls between two samples, by their time. One will do for all. */
const between = new Uint32Array(BUCKETS)

/** The samples of a process, or of the peer. */
export class Series {
  readonly #tracks: Readonly<Record<Span, Track>>
  #gauges: Gauges = { memoryBytes: 0, waiting: 0, live: 0 }

  /** @param isNew False: what was counted so far belongs to no sample. */
  constructor(meter: Meter, isNew = true) {
    this.#tracks = { minutes: new Track(SPANS.minutes.size, meter), hour: new Track(SPANS.hour.size, meter) }
    if (!isNew) for (const track of Object.values(this.#tracks)) track.skip()
  }

  get gauges(): Gauges {
    return this.#gauges
  }

  /** The steps from `from` up to `to` are over. @param seconds The time since the last sample. */
  sample(span: Span, from: number, to: number, seconds: number, gauges: Gauges): void {
    this.#gauges = gauges
    this.#tracks[span].sample(from, to, seconds, gauges)
  }

  /** In these steps nothing happened. */
  rest(span: Span, from: number, to: number): void {
    this.#tracks[span].fill(from, to, [0, 0, NaN, NaN, 0, 0, ...valuesOf(this.#gauges), 0])
  }

  /** Nobody knows what happened in these steps. */
  blank(span: Span, from: number, to: number): void {
    this.#tracks[span].fill(from, to)
  }

  /** NaN: not known. */
  at(span: Span, step: number, measure: Measure): number {
    return this.#tracks[span].at(step, MEASURES.indexOf(measure))
  }

  /** How much of what is a rate there was in a step. NaN: not known. */
  amountAt(span: Span, step: number, measure: Measure): number {
    return this.at(span, step, measure) * this.#tracks[span].at(step, MEASURES.length)
  }
}

/** A ring of samples in steps of one length. */
class Track {
  readonly #meter: Meter
  readonly #size: number
  readonly #values: Float32Array
  /** The counts at the last sample. */
  readonly #last = { calls: 0, errors: 0, bytesIn: 0, bytesOut: 0 }
  #times: Uint32Array<ArrayBuffer> | undefined

  constructor(size: number, meter: Meter) {
    this.#size = size
    this.#meter = meter
    this.#values = new Float32Array(size * COLUMNS).fill(NaN)
  }

  at(step: number, column: number): number {
    return this.#values[(step % this.#size) * COLUMNS + column] ?? NaN
  }

  sample(from: number, to: number, seconds: number, gauges: Gauges): void {
    const { calls, errors, bytesIn, bytesOut, times } = this.#meter
    const last = this.#last
    const old = this.#times
    let [p50, p99] = [NaN, NaN]
    if (times && calls > last.calls) {
      for (let i = 0; i < BUCKETS; i++) between[i] = (times[i] ?? 0) - (old?.[i] ?? 0)
      p50 = quantileOf(between, 0.5)
      p99 = quantileOf(between, 0.99)
    }
    const perSecond = (now: number, before: number): number => (now - before) / seconds
    this.fill(from, to, [
      perSecond(calls, last.calls),
      perSecond(errors, last.errors),
      p50,
      p99,
      perSecond(bytesIn, last.bytesIn),
      perSecond(bytesOut, last.bytesOut),
      ...valuesOf(gauges),
      seconds / (to - from),
    ])
    this.skip()
  }

  /** The next sample is about what is counted from now on. */
  skip(): void {
    const { calls, errors, bytesIn, bytesOut, times } = this.#meter
    if (times && calls > this.#last.calls) (this.#times ??= new Uint32Array(BUCKETS)).set(times)
    Object.assign(this.#last, { calls, errors, bytesIn, bytesOut })
  }

  /** @param row In the order of `MEASURES`. Left out: not known. */
  fill(from: number, to: number, row?: readonly number[]): void {
    for (let step = Math.max(from, to - this.#size); step < to; step++) {
      const place = (step % this.#size) * COLUMNS
      for (let column = 0; column < COLUMNS; column++) this.#values[place + column] = row?.[column] ?? NaN
    }
  }
}

function valuesOf({ memoryBytes, waiting, live }: Gauges): [number, number, number] {
  return [memoryBytes, waiting, live]
}
