import type { FiguresSource } from '../model.ts'
import { Sparkline } from '../kit/sparkline.tsx'
import { formatCount } from '../kit/format.ts'

/** Seconds that a row shows. */
const SHOWN = 60

export interface ActivityProps {
  pid: string
  figures: FiguresSource | undefined
}

/** The calls of a process in the last minute. */
export function Activity({ pid, figures }: ActivityProps) {
  // A new sample draws the row again.
  void figures?.version.value
  const sampler = figures?.sampler
  const series = sampler?.of(pid)
  const end = sampler?.endOf('minutes') ?? 0
  const rates = Array.from({ length: SHOWN }, (_, i) => series?.at('minutes', end - SHOWN + i, 'calls') || 0)
  const highest = Math.max(...rates)
  const words = highest > 0 ? `at most ${formatCount(Math.ceil(highest))} a second` : 'none'
  return <Sparkline values={rates} label={`Calls in the last minute: ${words}`} />
}
