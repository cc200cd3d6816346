import { useLayoutEffect, useRef } from 'preact/hooks'
import { DraftProgress } from './draft-progress.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes } from '../kit/format.ts'
import type { ProcessView, Undoable } from '../model.ts'
import type { Swap } from './swap.ts'
import { methodChanges } from './swap-words.ts'
import { useWait } from '../kit/use-wait.ts'

export interface SwapPanelProps {
  process: ProcessView
  swap: Swap
  /** Called when the process runs the new version. */
  onSwapped: (undo: Undoable['undo']) => void
  onCancel: () => void
}

/** Asks whether a process is to run another module, and shows the progress. */
export function SwapPanel({ process, swap, onSwapped, onCancel }: SwapPanelProps) {
  const { draft, attempt } = swap
  const { name, pid, cid, methods, moduleBytes, state } = process
  const step = draft.step.value
  const since = attempt.since.value
  const wait = useWait(since)
  const main = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => main.current?.focus(), [])
  const isSame = step.stage === 'ready' && step.module.cid === cid
  const isSnapshot = step.stage === 'ready' && step.snapshot !== undefined
  const isOff = isSame || isSnapshot || step.stage === 'refused'
  const replace = (): void => {
    if (isOff) return
    void attempt.run(async (cancelled) => onSwapped((await draft.swap(pid, cancelled)).undo))
  }
  return (
    <section
      class="swap"
      aria-label={`Replace the module of ${name}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel()
      }}
    >
      <b>Replace the module of {name}?</b>
      <dl class="facts">
        <dt>Now</dt>
        <dd>
          {name}, {formatBytes(moduleBytes)}
        </dd>
        <dt>New</dt>
        <dd>
          {draft.fileName}, {formatBytes(draft.bytes)}
          {step.stage === 'ready' && (
            <div>
              {isSnapshot
                ? 'It is a snapshot of a process, and not a module. Dropped elsewhere, it becomes a new actor.'
                : isSame
                  ? 'It is the module that runs already.'
                  : methodChanges(methods, step.module.methods)}
            </div>
          )}
        </dd>
      </dl>
      <p class="soft">
        PID, policy, files and waiting messages stay. What is in its memory is lost.
        {state === 'busy' && ' The message that runs is finished first.'}
      </p>
      <DraftProgress draft={draft} />
      {step.stage === 'refused' && <ErrorLine error={step.error} />}
      {attempt.error.value && (
        <>
          <ErrorLine error={attempt.error.value} />
          <p class="soft">It still runs the module that it ran before.</p>
        </>
      )}
      <div class="row">
        <button ref={main} type="button" class="button main" aria-disabled={isOff} onClick={replace}>
          {wait === 'short' ? 'Replace' : 'Replacing…'}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <span class="soft" role="status">
          {wait !== 'short' && state === 'busy' && 'Waiting for the message that runs to end'}
        </span>
      </div>
    </section>
  )
}
