import { clock } from '../kit/clock.ts'
import { formatCount } from '../kit/format.ts'
import { backoffWords, EXIT_WORDS } from './end-words.ts'
import type { ProcessView } from '../model.ts'
import { nounOf } from '../../glia/counted.ts'

const WORDS: Record<ProcessView['state'], { text: string; more?: string; dot: string }> = {
  cold: { text: 'cold', more: 'not loaded yet', dot: 'none' },
  hibernated: { text: 'hibernated', more: 'its memory is kept', dot: 'none' },
  starting: { text: 'starting', dot: 'warn' },
  idle: { text: 'idle', dot: 'ok' },
  busy: { text: 'busy', dot: 'warn' },
  backoff: { text: 'comes back', dot: 'warn' },
  dead: { text: 'ended', dot: 'bad' },
}

export interface ProcessStateProps {
  process: Pick<ProcessView, 'state' | 'waiting' | 'exits' | 'backoffUntil' | 'hasKeys' | 'keys'>
  /** In a row: the title has what has no room. Left out: all of it is shown. */
  isShort?: boolean
}

/** The state of a process, or of the instance of a key, as a dot and words. */
export function ProcessState({ process, isShort = false }: ProcessStateProps) {
  const { state, waiting, exits, backoffUntil, hasKeys, keys } = process
  const { text, more, dot } = WORDS[state]
  const whole = more === undefined ? text : `${text} (${more})`
  // Whether the store has what it had in memory is not looked up.
  const words = hasKeys && state === 'cold' ? 'not loaded' : isShort ? text : whole
  const last = exits[exits.length - 1]
  const shown =
    state === 'backoff' && backoffUntil !== undefined ? backoffWords(backoffUntil, clock.value).toLowerCase() : words
  const why = state === 'dead' && last ? `: ${EXIT_WORDS[last.reason.type]}` : ''
  const keysText = keys === undefined ? '' : `, ${keysWords(keys)}`
  const waitingText = waiting > 0 ? `, ${waiting} waiting` : ''
  const title = (shown === text ? whole : shown) + why + keysText + waitingText
  return (
    <span class="state" title={isShort ? title : undefined}>
      <span class={`dot ${dot}`} />
      <span>
        {shown}
        {why}
        {keysText && <span class="soft">{keysText}</span>}
        {waitingText && <span class="soft">{waitingText}</span>}
      </span>
    </span>
  )
}

/** `1 key`, `1,204 keys`. */
export function keysWords(keys: number): string {
  return `${formatCount(keys)} ${nounOf(keys, 'key')}`
}
