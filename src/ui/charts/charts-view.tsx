import { useSignal } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import { type Span, SPANS } from '../../glia/figures/series.ts'
import { clock } from '../kit/clock.ts'
import { useStaged } from '../kit/use-staged.ts'
import type { FiguresSource, TabModel } from '../model.ts'
import type { Page, ViewProps } from '../page.ts'
import { ChartFigure } from './chart-figure.tsx'
import { ChartsState } from './charts-state.ts'
import { CHARTS, type Frame, frameOf } from './measures.ts'
import { SamplesTable } from './samples-table.tsx'

const SPAN_WORDS: Readonly<Record<Span, string>> = { minutes: '15 minutes', hour: 'An hour' }
/** How often the charts move while nothing happens, and for people who want little motion, in ms. */
const CALM_MS = 10_000

/** The charts of the tab. */
export function ChartsView({ model, page }: ViewProps) {
  return (
    <section class="panel" aria-labelledby="charts-title">
      <h2 id="charts-title">Charts of this tab</h2>
      <ChartsPanel model={model} page={page} />
    </section>
  )
}

/** Charts that are made in one go. */
const CHARTS_AT_ONCE = 2

export interface ChartsPanelProps {
  model: TabModel
  page: Page
  /** A process. Left out: the tab. */
  pid?: string
}

/** The charts of the tab, or of a process. */
export function ChartsPanel({ model, page, pid }: ChartsPanelProps) {
  const figures = model.traced.value?.figures
  if (!figures) return <p class="soft hint">Calls are counted once the peer of this tab has started.</p>
  return <Charts key={pid} figures={figures} state={page.kept(ChartsState)} pid={pid} />
}

interface ChartsProps {
  figures: FiguresSource
  state: ChartsState
  pid: string | undefined
}

function Charts({ figures, state, pid }: ChartsProps) {
  const paused = useSignal(false)
  /** The sample under the pointer. */
  const pointed = useSignal<number | undefined>(undefined)
  const span = state.span.value
  const charts = CHARTS.filter(({ ofTab }) => !ofTab || pid === undefined)
  const staged = useStaged(charts.length, CHARTS_AT_ONCE)
  const frame = useFrame(figures, { pid, span, isPaused: paused.value })
  return (
    <>
      <div class="row bar">
        <div class="row" role="group" aria-label="Time">
          {Object.entries(SPAN_WORDS).map(([name, words]) => (
            <button
              key={name}
              type="button"
              class="button"
              aria-pressed={name === span}
              onClick={() => (state.span.value = name as Span)}
            >
              {words}
            </button>
          ))}
        </div>
        <span class="soft wide-only">{`one sample every ${SPANS[span].stepMs / 1000} s`}</span>
        <span class="grow" />
        <button type="button" class="button" aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>
          {paused.value ? 'Go on' : 'Pause'}
        </button>
        <button
          type="button"
          class="button"
          aria-pressed={state.isTable.value}
          onClick={() => (state.isTable.value = !state.isTable.value)}
        >
          As a table
        </button>
      </div>
      {!frame ? (
        <p class="soft hint">Nothing to show yet: the process has done nothing in the last hour.</p>
      ) : state.isTable.value ? (
        <SamplesTable frame={frame} state={state} ofTab={pid === undefined} />
      ) : (
        <div class="charts-grid" onPointerLeave={() => (pointed.value = undefined)}>
          {charts.slice(0, staged).map((chart) => (
            <ChartFigure key={chart.title} chart={chart} frame={frame} pointed={pointed} />
          ))}
        </div>
      )}
    </>
  )
}

interface Shown {
  pid: string | undefined
  span: Span
  isPaused: boolean
}

/** The samples, brought up to now while the page is visible: once a second, or as often as there is a new one. */
function useFrame({ sampler }: FiguresSource, { pid, span, isPaused }: Shown): Frame | undefined {
  const held = useRef<Frame | undefined>(undefined)
  const wantsCalm = useMemo(() => matchMedia('(prefers-reduced-motion: reduce)').matches, [])
  const stepMs = wantsCalm || sampler.isResting ? CALM_MS : SPANS[span].stepMs
  const now = isPaused ? 'held' : Math.floor(clock.value / stepMs)
  held.current = useMemo(() => {
    if (now === 'held' && held.current) return held.current
    const series = pid === undefined ? sampler.whole : sampler.of(pid)
    return series && frameOf(sampler, series, span)
  }, [now, pid, span])
  return held.current
}
