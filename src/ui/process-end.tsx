import { exitText } from '../glia/exit.ts'
import type { Attempt } from './attempt.ts'
import { clock } from './clock.ts'
import { backoffWords } from './end-words.ts'
import { ErrorLine } from './error-line.tsx'
import type { ProcessView } from './model.ts'
import { useWait } from './use-wait.ts'

export interface ProcessEndProps {
  process: ProcessView
  /** To start it again by hand. */
  attempt: Attempt
  onRestart: () => void
}

/** That a process has ended, for good or for some seconds, and why; with a button to start it again. */
export function ProcessEnd({ process, attempt, onRestart }: ProcessEndProps) {
  const { state, death, exits, lastError } = process
  const wait = useWait(attempt.since.value)
  if (state !== 'dead' && state !== 'backoff') return null
  const last = exits[exits.length - 1]
  return (
    <div class="ended">
      <div>
        {state === 'dead' ? (
          <>{death ?? lastError?.message ?? 'The process has ended.'}</>
        ) : (
          <>
            {last && `It ${exitText(last.reason)}. `}
            <b>{backoffWords(process.backoffUntil, clock.value)}</b>
          </>
        )}
        <ErrorLine error={attempt.error.value} />
      </div>
      <button type="button" class="button" onClick={onRestart}>
        {wait === 'short' ? (state === 'dead' ? 'Start again' : 'Start now') : 'Starting…'}
      </button>
    </div>
  )
}
