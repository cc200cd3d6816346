import type { ProcessView } from './model.ts'

const WORDS: Record<ProcessView['state'], { text: string; dot: string }> = {
  cold: { text: 'cold (not loaded yet)', dot: 'none' },
  starting: { text: 'starting', dot: 'warn' },
  idle: { text: 'idle', dot: 'ok' },
  busy: { text: 'busy', dot: 'warn' },
  dead: { text: 'ended', dot: 'bad' },
}

/** A process's state as a dot and words. */
export function ProcessState({ process: { state, waiting, lastError } }: { process: ProcessView }) {
  const { text, dot } = WORDS[state]
  const why = state === 'dead' && lastError ? `: ${lastError.code}` : ''
  return (
    <span class="state">
      <span class={`dot ${dot}`} />
      <span>
        {text}
        {why}
        {waiting > 0 && <span class="soft">{`, ${waiting} waiting`}</span>}
      </span>
    </span>
  )
}
