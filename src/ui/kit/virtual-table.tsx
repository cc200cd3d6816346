import { type Signal, signal, useSignal } from '@preact/signals'
import type { ComponentChildren, HTMLAttributes } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { memo } from './memo.ts'
import { inOrderOf, nextSort, type Sort, sorted } from './table-order.ts'
import { piecesOf, scrollOf, scrollTopFor, type TopRow, topRowOf } from './table-window.ts'
import { typed } from './typed.ts'

/** Height of a row, in px. `table.css` has it too. */
const ROW_PX = 36
/** Rows that are ready above and below those in sight. */
const AROUND = 12
/** The window moves in steps of so many rows: most scroll events change nothing. */
const STEP = 6

export interface Column<Row> {
  /** Name of the column for {@link TableState}. */
  readonly key: string
  readonly head: ComponentChildren
  /**
   * In px, or what it is in a table of so many px. Left out: the column takes what the others leave. Values that change
   * do not change it.
   */
  readonly width?: number | ((tablePx: number) => number)
  /** The column is shown if the table is at least so wide, in px. Left out: always. */
  readonly from?: number
  /** Numbers stand at the right. */
  readonly isNumber?: boolean
  /** The order when the head is pressed. Left out: the table is not sorted by this column. */
  readonly compare?: (a: Row, b: Row) => number
  readonly cell: (row: Row) => ComponentChildren
}

/** What stays of a table while another view is shown. */
export class TableState {
  /** What the person typed to find rows. The view applies it. */
  readonly filter: Signal<string>
  readonly sort: Signal<Sort | undefined>
  scrollTop = 0
  /** How large its box was, in px: the next view of it begins with that. */
  size = { height: 0, width: 0 }
  /** The row at the top, if `holdsPlace`. */
  top: TopRow | undefined

  /** @param name Another one for each table. */
  constructor(name: string, sort?: Sort) {
    this.filter = typed.of(`filter of ${name}`, '')
    this.sort = signal(sort)
  }
}

export interface VirtualTableProps<Row> {
  /** Id of the heading that names the table. */
  labelledBy: string
  rows: readonly Row[]
  keyOf: (row: Row) => string
  columns: readonly Column<Row>[]
  state: TableState
  /** Key of the chosen row. */
  selected: string | undefined
  onSelect: (key: string) => void
  /** Called for Enter, and for a double click. Left out: neither does anything. */
  onOpen?: ((key: string) => void) | undefined
  /** What is in sight stays there while rows come above it. For rows that only come at the top. */
  holdsPlace?: boolean
  /** More attributes of a row. While it is the same function, a row that stays the same object is not rendered again. */
  attributesOf?: (row: Row) => HTMLAttributes<HTMLTableRowElement> & Record<`data-${string}`, unknown>
}

/**
 * A table of any number of rows of one height: only those in sight are on the page. Columns hold their width. A click,
 * the arrow keys, Page Up, Page Down, Home and End choose a row. While the pointer is over the rows, their order stays.
 */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { rows: given, keyOf, columns: all, state, selected, onSelect, onOpen } = props
  const box = useRef<HTMLDivElement>(null)
  const isHeld = useRef(false)
  /** The row that gets the focus once it is on the page. */
  const wanted = useRef<string | undefined>(undefined)
  const view = useSignal({ step: Math.floor(state.scrollTop / (ROW_PX * STEP)), ...state.size })
  /** The order whose rows in sight are painted. Whoever opened, sorted or filtered the table waits for no others. */
  const painted = useSignal<string | undefined>(undefined)

  const sort = state.sort.value
  const compare = all.find(({ key }) => key === sort?.column)?.compare
  const isDown = sort?.down === true
  const fresh = useMemo(() => (compare ? sorted(given, compare, isDown) : given), [given, compare, isDown])
  const before = useRef<readonly Row[]>(given)
  const rows = isHeld.current && compare ? inOrderOf(before.current.map(keyOf), given, keyOf) : fresh
  before.current = rows
  const keyAt = (place: number): string | undefined => {
    const row = rows[place]
    return row === undefined ? undefined : keyOf(row)
  }
  const placeOf = (key: string): number => rows.findIndex((row) => keyOf(row) === key)
  const chosen = selected === undefined ? -1 : placeOf(selected)

  const { step, height, width } = view.value
  const shownOrder = `${sort?.column} ${isDown} ${state.filter.value}`
  const around = painted.value === shownOrder ? AROUND : 0
  const first = step * STEP - around
  const last = (step + 1) * STEP + Math.ceil(height / ROW_PX) + around
  const columns = useMemo(() => all.filter(({ from = 0 }) => width >= from), [all, width])
  const acts = useRef({ onSelect, onOpen })
  acts.current = { onSelect, onOpen }
  const select = useCallback((key: string) => acts.current.onSelect(key), [])
  const open = useCallback((key: string) => acts.current.onOpen?.(key), [])

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return undefined
    if (state.scrollTop > 0) element.scrollTop = state.scrollTop
    const measure = (): void => {
      const { clientHeight, clientWidth } = element
      const now = view.peek()
      if (now.height !== clientHeight || now.width !== clientWidth)
        view.value = { ...now, height: clientHeight, width: clientWidth }
      state.size = { height: clientHeight, width: clientWidth }
    }
    // Measuring has the browser lay out the page at once. If the size is known, the observer tells soon enough.
    if (state.size.height === 0) measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => void (painted.value = shownOrder), [shownOrder])

  const look = (element: HTMLElement): void => {
    state.scrollTop = element.scrollTop
    if (props.holdsPlace) state.top = topRowOf(keyAt, state.scrollTop, ROW_PX)
    const now = Math.floor(state.scrollTop / (ROW_PX * STEP))
    if (now !== view.peek().step) view.value = { ...view.peek(), step: now }
  }

  const shown = chosen < 0 ? undefined : selected
  const chosenBefore = useRef<string | undefined>(undefined)
  useLayoutEffect(() => {
    // A row that comes back may be chosen before it is listed.
    if (shown === undefined || !box.current) return
    const isFirst = chosenBefore.current === undefined
    chosenBefore.current = shown
    const to = scrollTopFor(chosen, state.scrollTop, view.peek().height, ROW_PX)
    if (to !== state.scrollTop) {
      box.current.scrollTop = to
      look(box.current)
    }
    // The focus was on a row that is gone, or on the notice that brought one back.
    if (!isFirst && document.activeElement === document.body) wanted.current = shown
  }, [shown])
  useLayoutEffect(() => {
    if (wanted.current === undefined) return
    rowOf(box.current, wanted.current)?.focus()
    wanted.current = undefined
  })

  useLayoutEffect(() => {
    const { current: element } = box
    // At the top nothing is held, and where the box is scrolled to is not asked: the answer needs a layout of the page.
    if (!element || !props.holdsPlace || !state.top) return
    const held = scrollOf(placeOf, state.top, ROW_PX)
    if (held !== undefined && held !== element.scrollTop) element.scrollTop = held
    look(element)
  }, [rows])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLTableRowElement)) return
    const focused = event.target.dataset['key']
    if (event.key === 'Enter' && focused !== undefined) return onOpen?.(focused)
    const at = focused === undefined ? chosen : placeOf(focused)
    const page = Math.max(1, Math.floor(height / ROW_PX) - 2)
    const end = rows.length - 1
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: end,
    }
    const to = moves[event.key]
    const key = to === undefined ? undefined : keyAt(Math.max(0, Math.min(to, end)))
    if (key === undefined) return undefined
    event.preventDefault()
    wanted.current = key
    if (key === selected) rowOf(box.current, key)?.focus()
    else onSelect(key)
    return undefined
  }
  return (
    <div ref={box} class="rows" onScroll={({ currentTarget }) => look(currentTarget)}>
      {/* Before it is measured it may be seen in one place: the picture of a first visit (`src/first-picture.tsx`). */}
      <table
        class={width === 0 ? 'unmeasured' : undefined}
        aria-labelledby={props.labelledBy}
        aria-rowcount={rows.length + 1}
      >
        <colgroup>
          {columns.map((column) => (
            <col key={column.key} width={widthOf(column, width)} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={state.sort} />
            ))}
          </tr>
        </thead>
        <tbody
          onKeyDown={onKeyDown}
          onPointerEnter={() => (isHeld.current = true)}
          onPointerLeave={() => (isHeld.current = false)}
        >
          {piecesOf(rows.length, first, last, chosen).map((piece) => {
            if ('gap' in piece) return <Gap key={`gap ${piece.at}`} rows={piece.gap} columns={columns.length} />
            const row = rows[piece.row]
            if (row === undefined) return null
            const key = keyOf(row)
            return (
              <TableRow
                key={key}
                id={key}
                row={row}
                place={piece.row}
                columns={columns as readonly Column<unknown>[]}
                isFocusable={piece.row === Math.max(0, chosen)}
                isSelected={key === selected}
                onSelect={select}
                onOpen={open}
                attributesOf={props.attributesOf as RowProps['attributesOf']}
              />
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  id: string
  row: unknown
  /** Among all rows. */
  place: number
  columns: readonly Column<unknown>[]
  isFocusable: boolean
  isSelected: boolean
  onSelect: (key: string) => void
  onOpen: (key: string) => void
  attributesOf: VirtualTableProps<unknown>['attributesOf']
}

/** A row of a thousand changes at a time, and all that are on the page take some ms. */
const TableRow = memo(function TableRow(props: RowProps) {
  const { id, row, place, columns, isFocusable, isSelected, onSelect, onOpen, attributesOf } = props
  return (
    <tr
      data-key={id}
      aria-rowindex={place + 2}
      tabIndex={isFocusable ? 0 : -1}
      aria-selected={isSelected}
      onClick={() => onSelect(id)}
      onDblClick={() => onOpen(id)}
      {...attributesOf?.(row)}
    >
      {columns.map((column) => (
        <td key={column.key} class={column.isNumber ? 'num' : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
})

/** In pixels; undefined for what the others leave. */
function widthOf<Row>({ width }: Column<Row>, tablePx: number): number | undefined {
  return typeof width === 'function' ? width(tablePx) : width
}

function Head<Row>({ column, sort }: { column: Column<Row>; sort: Signal<Sort | undefined> }) {
  const { key, head, compare, isNumber } = column
  const now = sort.value?.column === key ? sort.value : undefined
  return (
    <th
      scope="col"
      class={isNumber ? 'num' : undefined}
      aria-sort={now ? (now.down ? 'descending' : 'ascending') : undefined}
    >
      {compare ? (
        <button type="button" class="sort" onClick={() => (sort.value = nextSort(sort.value, key))}>
          {head}
          <span aria-hidden="true">{now ? (now.down ? '↓' : '↑') : ''}</span>
        </button>
      ) : (
        head
      )}
    </th>
  )
}

function Gap({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tr aria-hidden="true" class="gap" style={{ height: `${rows * ROW_PX}px` }}>
      <td colSpan={columns} />
    </tr>
  )
}

function rowOf(box: HTMLElement | null, key: string): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`tr[data-key="${CSS.escape(key)}"]`) ?? null
}
