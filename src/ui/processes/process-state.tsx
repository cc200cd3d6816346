import { clock } from '../kit/clock.ts'
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

/** The state of a process as a dot and words. */
export function ProcessState({ process }: { process: ProcessView }) {
  const { state, waiting, exits } = process
  const { text, dot } = WORDS[state]
  const last = exits[exits.length - 1]
  const why = state === 'dead' && last ? `: ${EXIT_WORDS[last.reason.type]}` : ''
  return (
    <span class="state">
      <span class={`dot ${dot}`} />
      <span>
        {state === 'backoff' ? backoffWords(process.backoffUntil, clock.value).toLowerCase() : text}
        {why}
        {waiting > 0 && <span class="soft">{`, ${waiting} waiting`}</span>}
      </span>
    </span>
  )
}
