import type { ComponentChildren } from 'preact'
import { useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import { WAYS } from '../../glia/trace/note.ts'
import { formatCount } from '../kit/format.ts'
import { memo } from '../kit/memo.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { CallsState } from './calls-state.ts'
import { type NameOf, processWords } from './call-words.ts'
import type { CallFilter } from './filter.ts'

const STATUSES: Readonly<Record<CallFilter['status'], string>> = {
  '': 'Any status',
  pending: 'Waiting',
  ok: 'Ok',
  failed: 'Failed',
}

export interface CallFiltersProps {
  state: CallsState
  /** How many calls there are, and how many are shown. */
  total: number
  shown: number
  self: string
  nameOf: NameOf
  onPause: () => void
  onClear: () => void
}

/** Chooses which calls are shown. */
export function CallFilters({ state, total, shown, self, nameOf, onPause, onClear }: CallFiltersProps) {
  const filter = state.filter.value
  const isPaused = state.paused.value
  const { pids, peers } = state.parties.value
  const wordsOf = useCallback((pid: string) => processWords(pid, nameOf), [nameOf])
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
        <Options ids={pids} chosen={filter.process} without="" wordsOf={wordsOf} />
      </Choice>
      <Choice label="Peer" value={filter.peer} onEdit={(peer) => state.edit({ peer })}>
        <option value="">Every peer</option>
        <Options ids={peers} chosen={filter.peer} without={self} wordsOf={peerWords} />
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
        {shown === total ? formatCount(shown) : `${formatCount(shown)} of ${formatCount(total)}`}
      </span>
      <span class="grow" />
      <button type="button" class="button" aria-pressed={isPaused} onClick={onPause}>
        {isPaused ? 'Go on' : 'Pause'}
      </button>
      <ClearButton total={total} onClear={onClear} />
    </div>
  )
}

/** Asks before it clears: calls that a filter hides, and those of earlier visits, go too. */
function ClearButton({ total, onClear }: { total: number; onClear: () => void }) {
  const asks = useSignal(false)
  const press = (): void => {
    if (asks.value) onClear()
    asks.value = !asks.value && total > 0
  }
  return (
    <button
      type="button"
      class={asks.value ? 'button danger' : 'button'}
      onClick={press}
      onBlur={() => (asks.value = false)}
      onKeyDown={({ key }) => key === 'Escape' && (asks.value = false)}
    >
      {asks.value ? `Clear ${total === 1 ? 'the call' : `all ${formatCount(total)} calls`}` : 'Clear…'}
    </button>
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

interface OptionsProps {
  ids: readonly string[]
  /** It is an option also if no call has it any more. Empty: none is chosen. */
  chosen: string
  without: string
  wordsOf: (id: string) => string
}

/** An option for each id. There may be hundreds, and new calls come all the time. */
const Options = memo(function Options({ ids, chosen, without, wordsOf }: OptionsProps) {
  const all = [...new Set([...ids, chosen])].filter((id) => id !== '' && id !== without)
  return (
    <>
      {all.map((id) => (
        <option key={id} value={id}>
          {wordsOf(id)}
        </option>
      ))}
    </>
  )
})

function isStatus(value: string): value is CallFilter['status'] {
  return Object.hasOwn(STATUSES, value)
}
