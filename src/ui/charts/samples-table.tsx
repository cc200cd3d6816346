import { useMemo } from 'preact/hooks'
import { MEASURES, type Measure } from '../../glia/figures/series.ts'
import { formatMoment } from '../kit/format.ts'
import { type Column, VirtualTable } from '../kit/virtual-table.tsx'
import type { ChartsState } from './charts-state.ts'
import { CHARTS, type Frame } from './measures.ts'

type Row = { readonly time: number } & Readonly<Record<Measure, number | null>>

/** The word in the head of each column, and how wide the table is where the column is shown, in px. */
const HEADS: Readonly<Record<Measure, { head: string; from?: number }>> = {
  calls: { head: 'Calls' },
  errors: { head: 'Errors' },
  p50: { head: 'p50', from: 400 },
  p99: { head: 'p99', from: 480 },
  bytesIn: { head: 'Messages', from: 560 },
  bytesOut: { head: 'Replies', from: 560 },
  memory: { head: 'Memory', from: 600 },
  waiting: { head: 'Waiting', from: 640 },
  live: { head: 'Live', from: 720 },
}

export interface SamplesTableProps {
  frame: Frame
  state: ChartsState
  ofTab: boolean
}

/** What the charts draw, as numbers, the newest first. */
export function SamplesTable({ frame, state, ofTab }: SamplesTableProps) {
  const rows = useMemo(() => rowsOf(frame), [frame])
  const columns = useMemo(() => COLUMNS.filter(({ key }) => ofTab || key !== 'live'), [ofTab])
  return (
    <>
      <span id="samples-title" class="sr-only">
        Samples
      </span>
      <VirtualTable
        labelledBy="samples-title"
        rows={rows}
        keyOf={keyOf}
        columns={columns}
        state={state.table}
        selected={state.chosen.value}
        onSelect={(key) => (state.chosen.value = key)}
        holdsPlace
      />
    </>
  )
}

function rowsOf({ times, values }: Frame): Row[] {
  const columns = MEASURES.map((measure) => [measure, values(measure)] as const)
  return times
    .map((time, i) => ({ time, ...Object.fromEntries(columns.map(([name, all]) => [name, all[i] ?? null])) }) as Row)
    .filter((row) => MEASURES.some((measure) => row[measure] !== null))
    .toReversed()
}

function keyOf({ time }: Row): string {
  return String(time)
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'time', head: 'Until', cell: ({ time }) => formatMoment(time * 1000) },
  ...CHARTS.flatMap(({ lines, format }) =>
    lines.map(({ measure }) => ({
      key: measure,
      width: 84,
      isNumber: true,
      ...HEADS[measure],
      cell: (row: Row) => format(row[measure] ?? undefined),
    })),
  ),
]
