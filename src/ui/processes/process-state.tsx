import { clock } from '../kit/clock.ts'
import { formatCount } from '../kit/format.ts'
import { backoffWords, EXIT_WORDS } from './end-words.ts'
import type { ProcessView } from '../model.ts'

const WORDS: Record<ProcessView['state'], { text: string; dot: string }> = {
  cold: { text: 'cold (not loaded yet)', dot: 'none' },
  hibernated: { text: 'hibernated (its memory is kept)', dot: 'none' },
  starting: { text: 'starting', dot: 'warn' },
  idle: { text: 'idle', dot: 'ok' },
  busy: { text: 'busy', dot: 'warn' },
  backoff: { text: 'comes back', dot: 'warn' },
  dead: { text: 'ended', dot: 'bad' },
}

export interface ProcessStateProps {
  process: Pick<ProcessView, 'state' | 'waiting' | 'exits' | 'backoffUntil' | 'hasKeys' | 'keys'>
}

/** The state of a process, or of the instance of a key, as a dot and words. */
export function ProcessState({ process }: ProcessStateProps) {
  const { state, waiting, exits, backoffUntil, hasKeys, keys } = process
  const { text, dot } = WORDS[state]
  // Whether the store has what it had in memory is not looked up.
  const shown = hasKeys && state === 'cold' ? 'not loaded' : text
  const last = exits[exits.length - 1]
  const why = state === 'dead' && last ? `: ${EXIT_WORDS[last.reason.type]}` : ''
  return (
    <span class="state">
      <span class={`dot ${dot}`} />
      <span>
        {state === 'backoff' && backoffUntil !== undefined
          ? backoffWords(backoffUntil, clock.value).toLowerCase()
          : shown}
        {why}
        {keys !== undefined && <span class="soft">{`, ${keysWords(keys)}`}</span>}
        {waiting > 0 && <span class="soft">{`, ${waiting} waiting`}</span>}
      </span>
    </span>
  )
}

/** `1 key`, `1,204 keys`. */
export function keysWords(keys: number): string {
  return keys === 1 ? '1 key' : `${formatCount(keys)} keys`
}
