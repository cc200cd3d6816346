import type { Attempt } from '../kit/attempt.ts'
import type { ProcessView } from '../model.ts'
import { useWait } from '../kit/use-wait.ts'

interface RestartButtonProps {
  attempt: Attempt
  process: Pick<ProcessView, 'hasKeys'>
  onRestart: () => void
}

/** Gives a live process a fresh instance, whatever it is doing. */
export function RestartButton({ attempt, process: { hasKeys }, onRestart }: RestartButtonProps) {
  const wait = useWait(attempt.since.value)
  return (
    <button
      type="button"
      class="button"
      title={
        hasKeys
          ? 'All keys begin anew. What they have in memory is lost, their files stay.'
          : 'Ends the message that runs, and starts a fresh instance. Its memory is lost, its files stay.'
      }
      aria-disabled={attempt.since.value !== undefined}
      onClick={onRestart}
    >
      {wait === 'short' ? 'Restart' : 'Restarting…'}
    </button>
  )
}
