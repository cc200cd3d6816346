import type { Attempt } from '../kit/attempt.ts'
import { useWait } from '../kit/use-wait.ts'

/** Gives a live process a fresh instance, whatever it is doing. */
export function RestartButton({ attempt, onRestart }: { attempt: Attempt; onRestart: () => void }) {
  const wait = useWait(attempt.since.value)
  return (
    <button
      type="button"
      class="button"
      title="Ends the message that runs, and starts a fresh instance. Its memory is lost, its files stay."
      disabled={attempt.since.value !== undefined}
      onClick={onRestart}
    >
      {wait === 'short' ? 'Restart' : 'Restarting…'}
    </button>
  )
}
