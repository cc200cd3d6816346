import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { CopyButton } from '../kit/copy-button.tsx'
import { formatBytes, formatCount, formatMs, shortId } from '../kit/format.ts'
import { Identicon } from '../kit/identicon.tsx'
import { listed, ROWS } from '../kit/listed.ts'
import type { ProcessView } from '../model.ts'
import { showError } from '../kit/notices.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'
import { shortCallersWords } from './policy-words.ts'
import { ProcessState } from './process-state.tsx'

/** Methods that a row names; the console lists all. */
const SHOWN_METHODS = 3

export interface ProcessListProps {
  processes: readonly ProcessView[]
  selected: string | undefined
  onSelect: (pid: string) => void
  /** Called when a file was dropped on a process. */
  onDrop: (process: ProcessView, file: File) => void
}

/** The table of processes. A click, the arrow keys, Home and End choose a row. */
export function ProcessList({ processes: all, selected, onSelect, onDrop }: ProcessListProps) {
  const limit = useSignal(ROWS)
  const processes = listed(all, limit.value, selected)
  const body = useRef<HTMLTableSectionElement>(null)
  const before = useRef<string | undefined>(undefined)
  // A process that comes back may be chosen before it is listed.
  const shown = processes.find(({ pid }) => pid === selected)?.pid
  useLayoutEffect(() => {
    if (shown === undefined) return
    const isFirst = before.current === undefined
    before.current = shown
    // The focus was on the killed process, or on the notice that undid the kill.
    if (!isFirst && body.current && document.activeElement === document.body) focusRow(body.current, shown)
  }, [shown])
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = processes.findIndex(({ pid }) => pid === selected)
    const last = processes.length - 1
    const moves: Record<string, number> = {
      ArrowDown: Math.min(at + 1, last),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: last,
    }
    const target = processes[moves[event.key] ?? -1]
    if (!target || !(event.target instanceof HTMLTableRowElement)) return
    event.preventDefault()
    onSelect(target.pid)
    if (event.currentTarget instanceof HTMLElement) focusRow(event.currentTarget, target.pid)
  }
  return (
    <section class="panel">
      <h2 id="processes-title">
        Processes <span class="soft count">{all.length}</span>
      </h2>
      <table aria-labelledby="processes-title">
        <thead>
          <tr>
            <th scope="col">Name and PID</th>
            <th scope="col">State</th>
            <th scope="col" class="drop-1">
              Methods
            </th>
            <th scope="col" class="num drop-3">
              Messages
            </th>
            <th scope="col" class="num drop-2">
              p50
            </th>
            <th scope="col" class="num">
              Memory
            </th>
            <th scope="col" class="drop-1">
              Last error
            </th>
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKeyDown}>
          {processes.map((process) => (
            <ProcessRow
              key={process.pid}
              process={process}
              selected={process.pid === selected}
              onSelect={() => onSelect(process.pid)}
              onDrop={(file) => onDrop(process, file)}
            />
          ))}
        </tbody>
      </table>
      {processes.length < all.length && (
        <button type="button" class="button" onClick={() => (limit.value += ROWS)}>
          Show {Math.min(ROWS, all.length - limit.value)} more of {all.length}
        </button>
      )}
    </section>
  )
}

function ProcessRow({
  process,
  selected,
  onSelect,
  onDrop,
}: {
  process: ProcessView
  selected: boolean
  onSelect: () => void
  onDrop: (file: File) => void
}) {
  const { pid, name, methods, messages, p50Ms, memoryBytes, lastError, persisted, root, policy } = process
  const { isOver, target } = useOwnDrop(`Drop to replace the module of ${name}`, ([file, ...others]) => {
    if (others.length === 0) onDrop(file)
    else showError(`The module of ${name} was not replaced`, new Error('Drop one file on a process, not several.'))
  })
  return (
    <tr
      data-pid={pid}
      class={isOver ? 'over' : undefined}
      tabIndex={selected ? 0 : -1}
      aria-selected={selected}
      onClick={onSelect}
      // Root cannot be replaced: a file dropped on it is a new actor, as elsewhere.
      {...(root ? {} : target)}
    >
      <td class="name">
        <b>{name}</b>
        {!persisted && (
          <span class="soft" title="The browser did not keep it: it will not come back after a reload">
            {' '}
            not kept
          </span>
        )}
        <CopyButton class="id-button" text={pid} label={`Copy PID ${pid}`}>
          <Identicon text={pid} />
          <span class="mono soft">{shortId(pid)}</span>
        </CopyButton>
      </td>
      <td>
        <ProcessState process={process} />
        <div class="callers soft" title={`Who may call it: ${shortCallersWords(policy)}`}>
          {shortCallersWords(policy)}
        </div>
      </td>
      <td class="drop-1 methods">
        {methods.slice(0, SHOWN_METHODS).map((method) => (
          <span key={method} class="tag">
            {method}
          </span>
        ))}
        {methods.length > SHOWN_METHODS && (
          <span class="soft" title={methods.join(', ')}>
            and {methods.length - SHOWN_METHODS} more
          </span>
        )}
      </td>
      <td class="num drop-3">{formatCount(messages)}</td>
      <td class="num drop-2">{formatMs(p50Ms)}</td>
      <td class="num">{formatBytes(memoryBytes)}</td>
      <td class="drop-1 error-cell">
        {lastError ? (
          <span class="bad-text" title={lastError.message}>
            {lastError.code}
          </span>
        ) : (
          <span class="soft">–</span>
        )}
      </td>
    </tr>
  )
}

function focusRow(body: HTMLElement, pid: string): void {
  body.querySelector<HTMLElement>(`[data-pid="${pid}"]`)?.focus()
}
