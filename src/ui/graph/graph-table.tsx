import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { formatCount } from '../kit/format.ts'
import { byText, matches } from '../kit/table-order.ts'
import { type Column, VirtualTable } from '../kit/virtual-table.tsx'
import { goTo } from '../router.ts'
import type { Graph } from './graph-data.ts'
import { type GraphRow, rowsOf } from './graph-rows.ts'
import type { GraphState } from './graph-state.ts'

/** Rows of the table that nobody sees. */
const MAX_TOLD = 200

const COLUMNS: readonly (Column<GraphRow> & { head: string; text: (row: GraphRow) => string })[] = [
  {
    key: 'name',
    head: 'Name',
    width: (tablePx) => (tablePx < 600 ? 130 : 160),
    compare: byText(({ name }) => name),
    text: ({ name }) => name,
    cell: ({ name, href }) => <a href={href}>{name}</a>,
  },
  column('what', 'What', 144, 700),
  column('status', 'State', 144, 520),
  column('numbers', 'Numbers', 336, 1100),
  column('edges', 'Connections and ties', undefined, 0),
]

function column(key: Exclude<keyof GraphRow, 'id' | 'href'>, head: string, width: number | undefined, from: number) {
  const text = (row: GraphRow): string => row[key]
  return {
    key,
    head,
    ...(width !== undefined && { width }),
    from,
    compare: byText(text),
    text,
    cell: (row: GraphRow) => <span title={text(row)}>{text(row)}</span>,
  }
}

/** The graph as a table: Enter or a double click goes to the page of a process or a peer. */
export function GraphTable({ graph, state }: { graph: Graph; state: GraphState }) {
  const rows = useMemo(() => rowsOf(graph), [graph])
  const typed = state.table.filter.value
  const shown = useMemo(
    () => (typed.trim() === '' ? rows : rows.filter((row) => matches(typed, [row.id, ...Object.values(row)]))),
    [rows, typed],
  )
  const hrefs = useMemo(() => new Map(rows.map(({ id, href }) => [id, href])), [rows])
  return (
    <>
      <span id="graph-title" class="sr-only">
        The mesh as a table
      </span>
      <VirtualTable
        labelledBy="graph-title"
        rows={shown}
        keyOf={({ id }) => id}
        columns={COLUMNS}
        state={state.table}
        selected={state.chosen.value}
        onSelect={(id) => (state.chosen.value = id)}
        onOpen={(id) => goTo(hrefs.get(id) ?? '')}
      />
      {shown.length === 0 && <p class="soft hint">Nothing has all these words.</p>}
    </>
  )
}

/** The element of a row: Preact does not look at one that is the same as before. */
function toldRow(row: GraphRow): VNode {
  const known = toldRows.get(row)
  if (known) return known
  const made = (
    <tr key={row.id}>
      {COLUMNS.map(({ key, text }) => (
        <td key={key}>{text(row)}</td>
      ))}
    </tr>
  )
  toldRows.set(row, made)
  return made
}

const toldRows = new WeakMap<GraphRow, VNode>()

/** The same for screen readers, beside the canvas. It is plain: nothing in it can have the focus, which nobody would see. */
export function ToldTable({ graph }: { graph: Graph }) {
  const rows = useMemo(() => rowsOf(graph), [graph])
  const more = rows.length - MAX_TOLD
  return (
    <div class="sr-only">
      <table aria-label="The mesh as a table">
        <thead>
          <tr>
            {COLUMNS.map(({ key, head }) => (
              <th key={key} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MAX_TOLD).map(toldRow)}
          {more > 0 && (
            <tr>
              <td colSpan={COLUMNS.length}>{formatCount(more)} more: press Table to have all.</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
