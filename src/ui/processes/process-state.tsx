import { clock } from '../kit/clock.ts'
import { formatCount } from '../kit/format.ts'
import { backoffWords, EXIT_WORDS } from './end-words.ts'
import type { ProcessView } from '../model.ts'
import { nounOf } from '../../glia/counted.ts'

const WORDS: Record<ProcessView['state'], { text: string; more?: string; dot: string }> = {
  cold: { text: 'not loaded', dot: 'none' },
  hibernated: { text: 'hibernated', more: ' (its memory is kept)', dot: 'none' },
  starting: { text: 'starting', dot: 'warn' },
  idle: { text: 'idle', dot: 'ok' },
  busy: { text: 'busy', dot: 'warn' },
  backoff: { text: 'comes back', dot: 'warn' },
  dead: { text: 'ended', dot: 'bad' },
}

export interface ProcessStateProps {
  process: Pick<ProcessView, 'state' | 'waiting' | 'exits' | 'backoffUntil' | 'keys'>
}

/** The state of a process, or of the instance of a key, as a dot and words. The title has what has no room. */
export function ProcessState({ process: { state, waiting, exits, backoffUntil, keys } }: ProcessStateProps) {
  const { text, more, dot } = WORDS[state]
  const last = exits[exits.length - 1]
  const words =
    state === 'backoff' && backoffUntil !== undefined ? backoffWords(backoffUntil, clock.value).toLowerCase() : text
  const why = state === 'dead' && last ? `: ${EXIT_WORDS[last.reason.type]}` : ''
  const waitingText = waiting > 0 ? `, ${waiting} waiting` : ''
  const keysText = keys === undefined ? '' : keysWords(keys)
  // A narrow column cuts what comes last, so the number of keys comes first, and alone while none is loaded: the dot tells.
  const isAlone = keysText !== '' && state === 'cold'
  const whole = (keysText && `${keysText}, `) + words
  return (
    <span class="state" title={whole + (more ?? '') + why + waitingText}>
      <span class={`dot ${dot}`} />
      <span>
        {isAlone ? keysText : whole}
        {why}
        {waitingText && <span class="soft">{waitingText}</span>}
      </span>
    </span>
  )
}

/** The word for a state, as a row has it. */
export function stateWord(state: ProcessView['state']): string {
  return WORDS[state].text
}

/** `1 key`, `1,204 keys`. */
export function keysWords(keys: number): string {
  return `${formatCount(keys)} ${nounOf(keys, 'key')}`
}
