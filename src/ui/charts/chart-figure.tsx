import type { Signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { deferred } from '../kit/deferred.tsx'
import { formatClock, formatMoment } from '../kit/format.ts'
import { type Chart, type Frame, highestOf } from './measures.ts'

/** It brings a library, so it is loaded with the first chart. */
const Plot = deferred(async () => (await import('./plot.tsx')).Plot, { early: false })

export interface ChartFigureProps {
  chart: Chart
  frame: Frame
  /** The sample under the pointer, in all charts. */
  pointed: Signal<number | undefined>
}

/** A chart, with what it shows in words: the values now, or under the pointer, and the highest ones. */
export function ChartFigure({ chart, frame, pointed }: ChartFigureProps) {
  const { title, lines, format, formatSum, isWhole } = chart
  const { times } = frame
  const at = pointed.value ?? times.length - 1
  const rows = useMemo(() => lines.map(({ measure }) => frame.values(measure)), [frame, lines])
  const isNow = pointed.value === undefined
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="soft">{isNow ? 'now' : formatMoment((times[at] ?? 0) * 1000)}</span>
        {lines.map(({ measure, words, color }, i) => (
          <span key={measure}>
            {lines.length > 1 && (
              <>
                <i class={i === 0 ? 'chart-key' : 'chart-key dashed'} style={{ color: `var(${color})` }} />
                <span class="soft">{words}</span>{' '}
              </>
            )}
            <b>{format(rows[i]?.[at] ?? undefined)}</b>
          </span>
        ))}
        <span class="soft">
          {'highest '}
          {format(highestOf(rows.flat()))}
          {formatSum && `, ${formatSum(lines.reduce((sum, { measure }) => sum + frame.sumOf(measure), 0))} in all`}
        </span>
      </figcaption>
      <div class="chart-box" aria-hidden="true">
        <Plot
          times={times}
          rows={rows}
          lines={lines}
          isWhole={isWhole === true}
          pointed={pointed}
          format={format}
          formatTime={timeText}
        />
      </div>
    </figure>
  )
}

function timeText(seconds: number): string {
  return formatClock(seconds * 1000)
}
