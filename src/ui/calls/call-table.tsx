import type { Signal } from '@preact/signals'
import { useCallback, useMemo } from 'preact/hooks'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { formatBytes, formatMs } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'
import { type Column, type TableState, VirtualTable } from '../kit/virtual-table.tsx'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { CallBar } from './call-bar.tsx'
import { calleeWords, callerWords, callIdText, type NameOf, statusWords, timeWords, WAY_WORDS } from './call-words.ts'

/** A table that is narrower, in px, drops what the page of a call has too. */
const MEDIUM_PX = 600
const WIDE_PX = 900

export interface CallTableProps {
  /** The newest first. */
  calls: readonly TracedCall[]
  /** Id of the heading that names the table. */
  labelledBy: string
  state: {
    readonly table: TableState
    /** Key of the row that was last chosen. */
    readonly chosen: Signal<string | undefined>
  }
  nameOf: NameOf
}

/** A table of calls. They keep their place while newer calls come. A click on a call, or Enter, leads to its page. */
export function CallTable({ calls, labelledBy, state, nameOf }: CallTableProps) {
  const { chosen } = state
  const columns = useMemo(() => columnsOf(nameOf), [nameOf])
  const attributesOf = useCallback(
    ({ id }: TracedCall) => ({
      class: 'call-row',
      onClick: (event: MouseEvent) => {
        chosen.value = String(id)
        // The link in the row goes there by itself.
        if (event.target instanceof Element && !event.target.closest('a')) goTo(pageOf(id))
      },
    }),
    [chosen],
  )
  return (
    <VirtualTable
      labelledBy={labelledBy}
      rows={calls}
      keyOf={keyOf}
      columns={columns}
      state={state.table}
      selected={chosen.value}
      onSelect={(key) => (chosen.value = key)}
      onOpen={(key) => goTo(pageOf(Number(key)))}
      holdsPlace
      attributesOf={attributesOf}
    />
  )
}

function keyOf({ id }: TracedCall): string {
  return String(id)
}

function pageOf(id: number): string {
  return hashOf('calls', callIdText(id))
}

function columnsOf(nameOf: NameOf): readonly Column<TracedCall>[] {
  return [
    { key: 'time', head: 'Time', width: (tablePx) => (tablePx < MEDIUM_PX ? 92 : 132), cell: Time },
    { key: 'way', head: 'Way', width: 76, from: MEDIUM_PX, cell: ({ way }) => WAY_WORDS[way] },
    { key: 'caller', head: 'Caller', width: 168, from: MEDIUM_PX, cell: (call) => callerWords(call, nameOf) },
    {
      key: 'callee',
      head: 'Process and method',
      cell: (call) => (
        <a class="call-link" href={pageOf(call.id)}>
          <span class="call-name">{calleeWords(call, nameOf)}</span> <span class="mono">{call.method}</span>
        </a>
      ),
    },
    { key: 'status', head: 'Status', width: (tablePx) => (tablePx < MEDIUM_PX ? 136 : 172), cell: Status },
    { key: 'in', head: 'In', width: 80, from: WIDE_PX, isNumber: true, cell: ({ bytesIn }) => formatBytes(bytesIn) },
    {
      key: 'out',
      head: 'Out',
      width: 80,
      from: WIDE_PX,
      isNumber: true,
      cell: ({ bytesOut }) => formatBytes(bytesOut),
    },
    { key: 'bar', head: 'Network, mailbox, run', width: 160, from: WIDE_PX, cell: (call) => <CallBar call={call} /> },
    { key: 'ms', head: 'Took', width: 88, from: MEDIUM_PX, isNumber: true, cell: ({ ms }) => formatMs(ms) },
  ]
}

function Time({ at }: TracedCall) {
  const [words, rest] = timeWords(at)
  return (
    <time class="mono" dateTime={new Date(at).toISOString()} title={formatWhole(at)}>
      {words}
      <span class="call-fraction">{rest}</span>
    </time>
  )
}

function Status(call: TracedCall) {
  const { status } = call
  const kind = status === 'ok' ? '' : status === 'pending' ? 'warn' : 'bad'
  return (
    <span class="state" title={statusWords(call)}>
      <span class={`dot ${kind}`} />
      <span class={`call-status ${kind}`}>{statusWords(call)}</span>
    </span>
  )
}
