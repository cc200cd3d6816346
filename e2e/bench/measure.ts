import { cpuOfChildrenUs } from './cpu.ts'

export interface Row {
  what: string
  unit: string
  glia: number
  baseline: number
  against: string
  /** CPU time of all browsers and servers per call, in µs. */
  cpu?: { glia: number; baseline: number }
}

/** What is measured, and against what; each is run ROUNDS times, and gives a figure in the unit. */
export interface Pair {
  what: string
  unit: 'µs' | 'ms' | '/s' | 'MB/s' | 'kB' | '%'
  glia(): Promise<number>
  baseline(): Promise<number>
  against: string
  /** Calls in each run, the warm-up included: then their CPU time is told too. */
  calls?: number
}

/** Times that each pair is measured; the medians are reported. */
const ROUNDS = 5

/** Measures a pair, in turns. */
export async function measure({ what, unit, against, calls: count, ...run }: Pair): Promise<Row> {
  const figures: { glia: number[]; baseline: number[] } = { glia: [], baseline: [] }
  const cpu: { glia: number[]; baseline: number[] } = { glia: [], baseline: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ['glia', 'baseline'] as const) {
      const before = cpuOfChildrenUs()
      figures[side].push(await run[side]())
      cpu[side].push((cpuOfChildrenUs() - before) / (count ?? Number.NaN))
    }
  }
  const row = { what, unit, glia: median(figures.glia), baseline: median(figures.baseline), against }
  return count ? { ...row, cpu: { glia: median(cpu.glia), baseline: median(cpu.baseline) } } : row
}

/** Median of times in ms, in µs. */
export async function p50(times: Promise<number[]>): Promise<number> {
  return median(await times) * 1000
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
