import { useSignal } from '@preact/signals'
import { useCallback, useEffect, useLayoutEffect, useMemo } from 'preact/hooks'
import { CheckField } from '../kit/form-fields.tsx'
import { traceIdOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import { formatCount } from '../kit/format.ts'
import { peerNames } from '../kit/peer-names.ts'
import { showError } from '../kit/notices.tsx'
import type { CallsSource } from '../model.ts'
import type { ViewProps } from '../page.ts'
import { CallFilters } from './call-filters.tsx'
import { CallPage } from './call-page.tsx'
import { CallTable } from './call-table.tsx'
import { CallsState } from './calls-state.ts'
import { idOfCall, nameIn, type NameOf } from './call-words.ts'
import { filtered } from './filter.ts'

/** The recorded calls: all of them, or one. */
export function CallsView({ model, page, id }: ViewProps) {
  const state = page.kept(CallsState)
  const source = model.traced.value
  useEffect(() => source && state.follow(source), [source])
  const names = page.names.value
  const nameOf = useCallback<NameOf>((pid) => nameIn(names, pid), [names])
  if (!source) return <p class="soft hint">Calls are recorded once the peer of this tab has started.</p>
  if (id === '') return <CallsPanel state={state} source={source} nameOf={nameOf} />
  return <OneCall key={id} model={model} id={id} state={state} source={source} nameOf={nameOf} page={page} />
}

interface OneCallProps extends CallsPanelProps, Pick<ViewProps, 'model' | 'page' | 'id'> {}

function OneCall({ model, id, state, source, nameOf, page }: OneCallProps) {
  // A call that has just ended is there at once.
  useLayoutEffect(() => state.look(source), [])
  const calls = state.all.value
  const { call, own } = useMemo(() => callWithTrace(calls, id), [calls, id])
  if (call) return <CallPage model={model} call={call} own={own} source={source} nameOf={nameOf} page={page} />
  return <NoCall isWhole={state.isWhole.value} />
}

/** A call and all calls of its trace, the oldest first. */
function callWithTrace(calls: readonly TracedCall[], id: string): { call?: TracedCall; own: readonly TracedCall[] } {
  const call = calls.find((each) => each.id === idOfCall(id))
  if (!call) return { own: [] }
  const trace = traceIdOf(call.trace)
  return {
    call,
    own: calls.filter((each) => each.trace.includes(trace) && traceIdOf(each.trace) === trace).toReversed(),
  }
}

interface CallsPanelProps {
  state: CallsState
  source: CallsSource
  nameOf: NameOf
}

function CallsPanel({ state, source, nameOf }: CallsPanelProps) {
  const calls = state.calls.value
  const filter = state.filter.value
  // Rows that stay the same are not put in order again when the table is scrolled.
  const known = useMemo(() => new WeakMap<TracedCall, boolean>(), [filter, nameOf, peerNames.value])
  const shown = useMemo(() => filtered(calls, filter, nameOf, known), [calls, known])
  const { unlisted } = source.trace
  return (
    <section class="panel" aria-label="Calls">
      <CallFilters
        state={state}
        total={calls.length}
        shown={shown.length}
        self={source.self}
        nameOf={nameOf}
        onPause={() => state.pause(source, !state.paused.value)}
        onClear={() =>
          void state.clear(source).catch((thrown: unknown) => showError('The record was not cleared', thrown))
        }
      />
      {unlisted > 0 && (
        <p class="soft hint">
          {formatCount(unlisted)} refused calls of other peers are not listed, so that they push out no others.
        </p>
      )}
      <span id="calls-title" class="sr-only">
        Recorded calls
      </span>
      {shown.length > 0 ? (
        <CallTable labelledBy="calls-title" calls={shown} state={state} nameOf={nameOf} />
      ) : (
        <NoCalls isFiltered={calls.length > 0} isPaused={state.paused.value} />
      )}
      <TellsOthers source={source} />
    </section>
  )
}

function NoCalls({ isFiltered, isPaused }: { isFiltered: boolean; isPaused: boolean }) {
  if (isFiltered) return <p class="soft hint">No call fits. Search for less, or choose every way, process and peer.</p>
  if (isPaused) return <p class="soft hint">Paused. “Go on” shows the calls since.</p>
  return (
    <p class="soft hint">
      No calls yet. Every call to a process of this tab, and from here to other peers, is listed here: the last 10,000,
      also after a reload. <a href="#/processes">Call a process</a>, or switch its record off in its policy.
    </p>
  )
}

/** The owner's consent to answer other peers. */
function TellsOthers({ source }: { source: CallsSource }) {
  const tells = useSignal(source.tellsOthers)
  const onEdit = (value: boolean): void => {
    source.tellsOthers = value
    tells.value = value
  }
  return (
    <div class="tells-others">
      <CheckField
        label="Peers that ask for a trace are told of those of its calls in which they took part"
        value={tells.value}
        onEdit={onEdit}
      />
    </div>
  )
}

function NoCall({ isWhole }: { isWhole: boolean }) {
  if (!isWhole) return null
  return (
    <section class="panel call-page">
      <h2>No such call</h2>
      <p class="hint">
        The record has the last 10,000 calls. This one was cleared, is older, or belongs to another browser.{' '}
        <a href="#/calls">All calls</a>
      </p>
    </section>
  )
}
