import { signal } from '@preact/signals'
import { useCallback, useEffect, useMemo } from 'preact/hooks'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { formatCount } from '../kit/format.ts'
import { TableState } from '../kit/virtual-table.tsx'
import type { CallsSource, ProcessView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { hashOf } from '../route.ts'
import { CallTable } from './call-table.tsx'
import { nameIn, type NameOf } from './call-words.ts'
import { CallsState } from './calls-state.ts'
import { ALL_CALLS, filtered } from './filter.ts'
import { RecordSwitch } from './record-switch.tsx'
import { nounOf } from '../../glia/counted.ts'

export interface ProcessCallsProps {
  model: TabModel
  page: Page
  process: ProcessView
}

/** The recorded calls of one process: those that came to it, and those that it made. */
export function ProcessCalls({ model, page, process }: ProcessCallsProps) {
  const source = model.traced.value
  if (!source) return <p class="soft hint">Calls are recorded once the peer of this tab has started.</p>
  return <RecordedCalls page={page} process={process} source={source} />
}

function RecordedCalls({ page, process, source }: Omit<ProcessCallsProps, 'model'> & { source: CallsSource }) {
  const { pid, policy, hasKeys } = process
  const state = page.kept(CallsState)
  useEffect(() => state.follow(source), [source])
  const place = useMemo(
    () => ({ table: new TableState(`calls of ${pid}`), chosen: signal<string | undefined>(undefined) }),
    [pid],
  )
  const names = page.names.value
  const nameOf = useCallback<NameOf>((other) => nameIn(names, other), [names])
  const all = state.calls.value
  const known = useMemo(() => new WeakMap<TracedCall, boolean>(), [pid])
  // No text is searched, so the names do not matter.
  const calls = useMemo(() => filtered(all, { ...ALL_CALLS, process: pid }, nameOf, known), [all, known])
  const isPaused = state.paused.value
  return (
    <>
      <div class="row bar">
        <span class="soft count">{`${formatCount(calls.length)} ${nounOf(calls.length, 'call')}`}</span>
        <a href={hashOf('calls')} onClick={() => (state.filter.value = { ...ALL_CALLS, process: pid })}>
          Search them
        </a>
        <span class="grow" />
        <button
          type="button"
          class="button"
          aria-pressed={isPaused}
          onClick={() => state.pause(source, !state.paused.peek())}
        >
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </div>
      <span id="process-calls-title" class="sr-only">
        Recorded calls of the process
      </span>
      {policy.trace && !hasKeys && <RecordSwitch source={source} process={process} />}
      {!policy.trace && <p class="soft hint">Its policy says that calls to it are not recorded.</p>}
      {calls.length > 0 ? (
        <CallTable labelledBy="process-calls-title" calls={calls} state={place} nameOf={nameOf} />
      ) : (
        policy.trace && <p class="soft hint">No calls so far. Calls to it and calls that it makes are listed here.</p>
      )}
    </>
  )
}
