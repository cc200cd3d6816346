import { formatBytes } from '../kit/format.ts'
import type { Draft } from '../model.ts'
import { useWait } from '../kit/use-wait.ts'

/**
 * The progress of reading and compiling a file. Empty while that is too quick to be worth a word, and when it is over.
 */
export function DraftProgress({ draft }: { draft: Draft }) {
  const step = draft.step.value
  const isOver = step.stage === 'ready' || step.stage === 'refused'
  const wait = useWait(isOver ? undefined : draft.since)
  if (isOver || wait === 'short') return null
  const isReading = step.stage === 'reading'
  const words = isReading
    ? `Reading ${formatBytes(step.doneBytes)} of ${formatBytes(draft.bytes)}`
    : `Compiling ${formatBytes(draft.bytes)}`
  return (
    <div class="row progress">
      <span role="status">{isReading ? 'Reading' : 'Compiling'}</span>
      {isReading ? (
        <progress aria-label={words} value={step.doneBytes} max={draft.bytes} />
      ) : (
        <progress aria-label={words} />
      )}
      <span class="soft figures" aria-hidden="true">
        {isReading && `${formatBytes(step.doneBytes)} of `}
        {formatBytes(draft.bytes)}
      </span>
    </div>
  )
}
