import { useSignal } from '@preact/signals'
import { useCallback, useMemo, useRef } from 'preact/hooks'
import { CopyButton } from '../kit/copy-button.tsx'
import { FilterField } from '../kit/filter-field.tsx'
import { formatBytes, formatCount, formatMs, shortId } from '../kit/format.ts'
import { Identicon } from '../kit/identicon.tsx'
import { Icon } from '../kit/icons.tsx'
import { showError } from '../kit/notices.tsx'
import { OWN_DROP } from '../kit/own-drop.ts'
import { byNumber, byText, matches } from '../kit/table-order.ts'
import { type Column, TableState, VirtualTable } from '../kit/virtual-table.tsx'
import type { FiguresSource, ProcessView } from '../model.ts'
import { hashOfProcess } from '../route.ts'
import { goTo } from '../router.ts'
import { Activity } from './activity.tsx'
import { isOpenToAnyone, shortCallersWords } from './policy-words.ts'
import { ProcessState, stateWord } from './process-state.tsx'

/** Methods that a row names; the console lists all. */
const SHOWN_METHODS = 3

/** What stays of the list while another view is shown. */
export class ProcessListState extends TableState {
  constructor() {
    super('processes')
  }
}

export interface ProcessListProps {
  processes: readonly ProcessView[]
  /** For the line of the last minute; undefined until the peer has started. */
  figures: FiguresSource | undefined
  state: ProcessListState
  selected: string | undefined
  /** Whether there is a line of the last minute. Of processes of other peers there is none. Left out: there is. */
  hasActivity?: boolean
  onSelect: (pid: string) => void
  /** Called when a file was dropped on a process. */
  onDrop: (process: ProcessView, file: File) => void
}

/** The table of processes. A row shows its console beside the table, and its name leads to a page of its own. */
export function ProcessList({
  processes,
  figures,
  state,
  selected,
  hasActivity = true,
  onSelect,
  onDrop,
}: ProcessListProps) {
  /** PID of the row over which a file is dragged. */
  const over = useSignal<string | undefined>(undefined)
  const columns = useMemo(() => columnsWith(figures, hasActivity), [figures])
  const typed = state.filter.value
  const shown = useMemo(() => filtered(processes, typed), [processes, typed])
  const dropped = useRef(onDrop)
  dropped.current = onDrop
  const isOver = over.value
  const attributesOf = useCallback(
    (process: ProcessView) => ({
      'data-pid': process.pid,
      class: isOver === process.pid ? 'over' : undefined,
      // Root cannot be replaced: a file dropped on it is a new actor, as elsewhere.
      ...(!process.root && dropTarget(process, over, (...given) => dropped.current(...given))),
    }),
    [isOver],
  )
  return (
    <section class="panel">
      <h2>
        <span id="processes-title">Processes</span>
        <span class="soft count">
          {shown.length === processes.length
            ? formatCount(processes.length)
            : `${formatCount(shown.length)} of ${formatCount(processes.length)}`}
        </span>
        <span class="grow" />
        <FilterField label="Filter processes" value={state.filter} />
      </h2>
      <VirtualTable
        labelledBy="processes-title"
        rows={shown}
        keyOf={pidOf}
        columns={columns}
        state={state}
        selected={selected}
        onSelect={onSelect}
        onOpen={(pid) => goTo(hashOfProcess({ pid, host: processes[0]?.host }))}
        attributesOf={attributesOf}
      />
      {shown.length === 0 && processes.length > 0 && <p class="soft hint">No process has all these words.</p>}
    </section>
  )
}

function pidOf({ pid }: ProcessView): string {
  return pid
}

function filtered(processes: readonly ProcessView[], typed: string): readonly ProcessView[] {
  return typed.trim() === '' ? processes : processes.filter((process) => matches(typed, textsOf(process)))
}

/** What the filter looks at. */
function textsOf({ pid, name, methods, state, cid, lastError, policy }: ProcessView): string[] {
  return [name, pid, state, stateWord(state), cid, lastError?.code ?? '', shortCallersWords(policy), ...methods]
}

function dropTarget(
  process: ProcessView,
  over: { value: string | undefined },
  onDrop: ProcessListProps['onDrop'],
): Record<`data-${string}`, string> & Record<'onDragEnter' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void> {
  const { pid, name } = process
  return {
    [OWN_DROP]: `Drop to replace the module of ${name}`,
    onDragEnter: () => (over.value = pid),
    onDragLeave: ({ currentTarget, relatedTarget }) => {
      const isInside =
        currentTarget instanceof Node && relatedTarget instanceof Node && currentTarget.contains(relatedTarget)
      if (!isInside && over.value === pid) over.value = undefined
    },
    onDrop: (event) => {
      over.value = undefined
      const [file, ...others] = event.dataTransfer?.files ?? []
      if (!file) return
      event.preventDefault()
      if (others.length === 0) onDrop(process, file)
      else showError(`The module of ${name} was not replaced`, new Error('Drop one file on a process, not several.'))
    },
  }
}

const STATES: readonly ProcessView['state'][] = ['dead', 'backoff', 'busy', 'starting', 'idle', 'hibernated', 'cold']

const NAME: Column<ProcessView> = {
  key: 'name',
  head: 'Name and PID',
  compare: byText(({ name }) => name),
  cell: (process) => <Name process={process} />,
}

/** The columns behind the name. */
const COLUMNS: readonly Column<ProcessView>[] = [
  {
    key: 'state',
    head: 'State',
    width: (tablePx) => (tablePx < 420 ? 128 : 156),
    compare: byNumber(({ state }) => STATES.indexOf(state)),
    cell: (process) => <State process={process} />,
  },
  // In a narrower table names would be cut. The page of a process and its console have the methods.
  { key: 'methods', head: 'Methods', width: 138, from: 850, cell: ({ methods }) => <Methods names={methods} /> },
  {
    key: 'messages',
    head: 'Messages',
    width: 84,
    from: 470,
    isNumber: true,
    compare: byNumber(({ messages }) => messages),
    cell: ({ messages }) => formatCount(messages),
  },
  {
    key: 'p50',
    head: 'p50',
    width: 86,
    from: 560,
    isNumber: true,
    compare: byNumber(({ p50Ms }) => p50Ms),
    cell: ({ p50Ms }) => formatMs(p50Ms),
  },
  {
    key: 'memory',
    head: 'Memory',
    width: 78,
    isNumber: true,
    compare: byNumber(({ memoryBytes }) => memoryBytes),
    cell: ({ memoryBytes }) => formatBytes(memoryBytes),
  },
  {
    key: 'callers',
    head: <span class="sr-only">Who may call it</span>,
    width: 38,
    from: 420,
    cell: ({ policy, methods }) => (
      <Callers words={shortCallersWords(policy)} isOpen={isOpenToAnyone(policy, methods)} />
    ),
  },
]

/** The columns, with the line of the last minute before the numbers that stay. */
function columnsWith(figures: FiguresSource | undefined, hasActivity: boolean): readonly Column<ProcessView>[] {
  if (!hasActivity) return [NAME, ...COLUMNS]
  const at = COLUMNS.findIndex(({ key }) => key === 'p50')
  return [NAME, ...COLUMNS].toSpliced(at + 1, 0, {
    key: 'activity',
    head: <abbr title="Calls in the last minute">1 min</abbr>,
    width: 76,
    from: 720,
    cell: ({ pid }) => <Activity pid={pid} figures={figures} />,
  })
}

function Name({ process }: { process: ProcessView }) {
  const { pid, host, name, persisted } = process
  return (
    <span class="name">
      <a href={hashOfProcess(process)} title={name}>
        <bdi>{name}</bdi>
      </a>
      {!persisted && (
        <span
          class="soft"
          title={
            host === undefined
              ? 'The browser did not keep it: it will not come back after a reload'
              : 'The peer did not keep it: it will not come back when the peer starts again'
          }
        >
          not kept
        </span>
      )}
      <CopyButton class="id-button" text={pid} label={`Copy PID ${pid}`} shown={shortId(pid)}>
        <Identicon text={pid} />
        <span class="mono soft">{shortId(pid)}</span>
      </CopyButton>
    </span>
  )
}

function State({ process }: { process: ProcessView }) {
  const { lastError } = process
  return (
    <>
      <ProcessState process={process} />
      {lastError && (
        <span class="bad-text" title={lastError.message}>
          {' '}
          {lastError.code}
        </span>
      )}
    </>
  )
}

function Methods({ names }: { names: readonly string[] }) {
  return (
    <span title={names.join(', ')}>
      {names.slice(0, SHOWN_METHODS).map((method) => (
        <span key={method} class="tag">
          {method}
        </span>
      ))}
      {names.length > SHOWN_METHODS && <span class="soft">+{names.length - SHOWN_METHODS}</span>}
    </span>
  )
}

function Callers({ words, isOpen }: { words: string; isOpen: boolean }) {
  return (
    <span class="soft" title={`Who may call it: ${words}`}>
      <Icon name={isOpen ? 'open' : 'closed'} />
      <span class="sr-only">{words}</span>
    </span>
  )
}
