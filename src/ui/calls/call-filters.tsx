import type { ComponentChildren } from 'preact'
import { isPeerId } from '../../glia/peer-id.ts'
import { WAYS } from '../../glia/trace/note.ts'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { formatCount, shortId } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { CallsState } from './calls-state.ts'
import type { NameOf } from './call-words.ts'
import type { CallFilter } from './filter.ts'

const STATUSES: Readonly<Record<CallFilter['status'], string>> = {
  '': 'Any status',
  pending: 'Waiting',
  ok: 'Ok',
  failed: 'Failed',
}

export interface CallFiltersProps {
  state: CallsState
  calls: readonly TracedCall[]
  /** Calls that are shown. */
  shown: number
  self: string
  nameOf: NameOf
  onPause: () => void
  onClear: () => void
}

/** Chooses which calls are shown. */
export function CallFilters({ state, calls, shown, self, nameOf, onPause, onClear }: CallFiltersProps) {
  const filter = state.filter.value
  const isPaused = state.paused.value
  const pids = new Set(calls.flatMap(({ way, pid, caller }) => [way === 'in' ? pid : '', isPid(caller) ? caller : '']))
  const peers = new Set(calls.flatMap(({ host, caller, onBehalfOf }) => [host, caller, ...onBehalfOf]))
  return (
    <div class="call-filters">
      <input
        type="search"
        class="input search"
        aria-label="Search the calls"
        placeholder="Search"
        value={filter.search}
        onInput={({ currentTarget }) => state.edit({ search: currentTarget.value })}
      />
      <Choice
        label="Way"
        value={filter.way}
        onEdit={(way) => state.edit({ way: WAYS.find((each) => each === way) ?? '' })}
      >
        <option value="">Every way</option>
        <option value="in">In: to a process here</option>
        <option value="out">Out: to another peer</option>
        <option value="through">Through: passed on</option>
      </Choice>
      <Choice label="Process" value={filter.process} onEdit={(process) => state.edit({ process })}>
        <option value="">Every process</option>
        {optionsOf([...pids, filter.process]).map((pid) => (
          <option key={pid} value={pid}>
            {nameOf(pid) ?? shortId(pid)}
          </option>
        ))}
      </Choice>
      <Choice label="Peer" value={filter.peer} onEdit={(peer) => state.edit({ peer })}>
        <option value="">Every peer</option>
        {optionsOf([...peers, filter.peer].filter((id) => isPeerId(id) && id !== self)).map((peer) => (
          <option key={peer} value={peer}>
            {peerWords(peer)}
          </option>
        ))}
      </Choice>
      <Choice
        label="Status"
        value={filter.status}
        onEdit={(status) => state.edit({ status: isStatus(status) ? status : '' })}
      >
        {Object.entries(STATUSES).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </Choice>
      <span class="soft count" role="status">
        {shown === calls.length ? formatCount(shown) : `${formatCount(shown)} of ${formatCount(calls.length)}`}
      </span>
      <span class="grow" />
      <button type="button" class="button" aria-pressed={isPaused} onClick={onPause}>
        {isPaused ? 'Go on' : 'Pause'}
      </button>
      <button type="button" class="button" onClick={onClear}>
        Clear
      </button>
    </div>
  )
}

interface ChoiceProps {
  label: string
  value: string
  onEdit: (value: string) => void
  children: ComponentChildren
}

function Choice({ label, value, onEdit, children }: ChoiceProps) {
  return (
    <select
      class="input"
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onEdit(currentTarget.value)}
    >
      {children}
    </select>
  )
}

/** Each id once. */
function optionsOf(ids: readonly string[]): string[] {
  return [...new Set(ids)].filter((id) => id !== '')
}

function isPid(caller: string): boolean {
  return caller !== 'browser' && !isPeerId(caller)
}

function isStatus(value: string): value is CallFilter['status'] {
  return Object.hasOwn(STATUSES, value)
}
