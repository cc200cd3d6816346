import type { Sampler } from '../../glia/figures/sampler.ts'
import { type Measure, type Series, type Span, SPANS } from '../../glia/figures/series.ts'
import { formatBytes, formatCount, formatMs } from '../kit/format.ts'

/** A line in a chart. */
export interface Line {
  readonly measure: Measure
  /** Tells the lines of a chart apart. */
  readonly words: string
  /** The custom property with its colour. */
  readonly color: string
}

export interface Chart {
  readonly title: string
  readonly lines: readonly Line[]
  readonly format: (value: number | undefined) => string
  /** Values between two whole numbers mean nothing. */
  readonly isWhole?: boolean
  /** How the sum over the time reads. Left out: it tells nothing. */
  readonly formatSum?: (value: number) => string
  /** Of processes together; of one process it tells nothing. */
  readonly ofTab?: boolean
}

const perSecond = (value: number | undefined): string =>
  value === undefined ? '–' : `${formatCount(Math.round(value * 10) / 10)}/s`

const bytesPerSecond = (value: number | undefined): string => `${formatBytes(value)}/s`

const whole = (value: number | undefined): string => (value === undefined ? '–' : formatCount(Math.round(value)))

export const CHARTS: readonly Chart[] = [
  { title: 'Calls', lines: [line('calls', 'calls')], format: perSecond, formatSum: whole },
  { title: 'Errors', lines: [line('errors', 'errors', '--bad')], format: perSecond, formatSum: whole },
  {
    title: 'Time of calls that went well',
    lines: [line('p50', 'p50'), line('p99', 'p99', '--warn')],
    format: formatMs,
  },
  {
    title: 'Bytes',
    lines: [line('bytesIn', 'messages'), line('bytesOut', 'replies', '--warn')],
    format: bytesPerSecond,
    formatSum: formatBytes,
  },
  { title: 'Memory', lines: [line('memory', 'memory')], format: formatBytes },
  { title: 'Messages that wait', lines: [line('waiting', 'waiting')], format: whole, isWhole: true },
  { title: 'Live workers', lines: [line('live', 'live')], format: whole, isWhole: true, ofTab: true },
]

function line(measure: Measure, words: string, color = '--accent'): Line {
  return { measure, words, color }
}

/** Samples of one time, the oldest first. */
export interface Frame {
  /** When each step ended, in seconds since the epoch. */
  readonly times: readonly number[]
  /** Null: not known. */
  readonly values: (measure: Measure) => readonly (number | null)[]
  /** How much there was of what is a rate, as far as it is known. */
  readonly sumOf: (measure: Measure) => number
}

/** What is known of a span now. */
export function frameOf(sampler: Sampler, series: Series, span: Span): Frame {
  sampler.look()
  const { stepMs, size } = SPANS[span]
  const end = sampler.endOf(span)
  const steps = Array.from({ length: size }, (_, i) => end - size + i)
  return {
    times: steps.map((step) => ((step + 1) * stepMs) / 1000),
    values: (measure) =>
      steps.map((step) => {
        const value = series.at(span, step, measure)
        return Number.isNaN(value) ? null : value
      }),
    sumOf: (measure) => steps.reduce((sum, step) => sum + (series.amountAt(span, step, measure) || 0), 0),
  }
}

/** The largest of the known values; undefined if none is known. */
export function highestOf(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? undefined : Math.max(...known)
}
