import { exitText } from '../../glia/process/exit.ts'
import type { Attempt } from '../kit/attempt.ts'
import { clock } from '../kit/clock.ts'
import { backoffWords, endSentence } from './end-words.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import type { ProcessView } from '../model.ts'
import { useWait } from '../kit/use-wait.ts'

export interface ProcessEndProps {
  process: ProcessView
  /** The restart that the person asked for. */
  attempt: Attempt
  onRestart: () => void
}

/** Says that a process has ended, for good or for some seconds, and why. A button starts it again. */
export function ProcessEnd({ process, attempt, onRestart }: ProcessEndProps) {
  const { state, death, exits, lastError } = process
  const wait = useWait(attempt.since.value)
  // The clock makes the view render again, and may be late.
  const now = state === 'backoff' ? Math.max(clock.value, Date.now()) : 0
  // A wait of less than a second is over before anybody reads it.
  const isShort = (process.backoffUntil ?? 0) - now < 1000
  if (state !== 'dead' && (state !== 'backoff' || isShort)) return null
  const last = exits[exits.length - 1]
  // The reason of the death may already say how the last instance ended.
  const how = last && !death?.includes(exitText(last.reason)) ? endSentence(last.reason) : ''
  return (
    <div class="ended">
      <div>
        {how} {state === 'dead' ? (death ?? lastError?.message) : <b>{backoffWords(process.backoffUntil, now)}</b>}
        {process.policy.memory === 'durable' && (
          <div class="soft">
            {state === 'dead'
              ? 'Started again, it goes on with the memory that was kept, if there is one.'
              : 'If you start it now, it begins with an empty memory. By itself it goes on with what is kept.'}
          </div>
        )}
        <ErrorLine error={attempt.error.value} />
      </div>
      <button type="button" class="button" onClick={onRestart}>
        {wait === 'short' ? (state === 'dead' ? 'Start again' : 'Start now') : 'Starting…'}
      </button>
    </div>
  )
}
