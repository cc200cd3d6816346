import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { DraftProgress } from '../processes/draft-progress.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { focusWrong } from '../kit/focus-wrong.ts'
import { FormField } from '../kit/form-field.tsx'
import { ModuleFacts } from '../processes/module-facts.tsx'
import { CallersFields } from '../processes/policy-fields.tsx'
import { SheetSettings } from './sheet-settings.tsx'
import { readForm } from './spawn-form.ts'
import type { Sheet, SpawnQueue } from './spawn-queue.ts'
import { useWait } from '../kit/use-wait.ts'

export interface SpawnSheetProps {
  queue: SpawnQueue
  sheet: Sheet
  /** What stands above the settings. */
  intro?: ComponentChildren
  /** The sheet is closed, and the page has the keyboard again. */
  onClosed: () => void
}

/** What a dropped or chosen file asks for and may do, before it becomes a process. Enter starts it, Esc gives it up. */
export function SpawnSheet({ queue, sheet, intro, onClosed }: SpawnSheetProps) {
  const { draft, attempt, at } = sheet
  const dialog = useRef<HTMLDialogElement>(null)
  const start = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      onClosed()
    }
  }, [])
  useLayoutEffect(() => start.current?.focus(), [draft])
  const submit = (all: boolean): void => {
    void queue.start(all)
    focusWrong(dialog.current)
  }
  const form = queue.form.value
  const step = draft.step.value
  const waiting = queue.waiting.value.length
  const read = readForm(form)
  const isRefused = step.stage === 'refused'
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="sheet-title"
      // Not at `close`, which comes later: it would also drop files that were given in between.
      onBeforeToggle={({ newState }) => newState === 'closed' && isShown(queue, sheet) && queue.cancel()}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit(false)
        }}
      >
        <h2 id="sheet-title">
          <span class="file-name">{draft.fileName}</span>
          {at + waiting > 1 && (
            <span class="soft count">
              {at} of {at + waiting}
            </span>
          )}
        </h2>
        <div class="sheet-body">
          {isRefused ? (
            <ErrorLine error={step.error} />
          ) : (
            <>
              {intro}
              <FormField label="Name" error={queue.errors.value.name}>
                {(control) => (
                  <input
                    {...control}
                    class="input"
                    spellcheck={false}
                    value={form.name}
                    onInput={({ currentTarget }) => queue.edit({ name: currentTarget.value })}
                  />
                )}
              </FormField>
              <CallersFields form={form} errors={queue.errors.value} onEdit={(changes) => queue.edit(changes)} />
              <ModuleFacts
                draft={draft}
                mayCall={form.call !== 'off'}
                capBytes={'options' in read ? read.options.policy?.maxMemoryBytes : undefined}
                onCapMiB={(mib) => queue.edit({ memoryMiB: String(mib) })}
              />
              <DraftProgress draft={draft} />
              <SheetSettings form={form} errors={queue.errors.value} onEdit={(changes) => queue.edit(changes)} />
              <ErrorLine error={attempt.error.value} />
            </>
          )}
        </div>
        <div class="sheet-foot">
          <button ref={start} type="submit" class="button main" aria-disabled={isRefused}>
            <StartWords sheet={sheet} />
          </button>
          {waiting > 0 && (
            <>
              <button type="button" class="button" aria-disabled={isRefused} onClick={() => submit(true)}>
                Start all {waiting + 1} with these settings
              </button>
              <button type="button" class="button" onClick={() => queue.skip()}>
                Skip
              </button>
            </>
          )}
          <button type="button" class="button" onClick={() => queue.cancel()}>
            {waiting > 0 ? 'Cancel all' : isRefused ? 'Close' : 'Cancel'}
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** The button may have been pressed before the file was compiled. */
function StartWords({ sheet: { attempt } }: { sheet: Sheet }) {
  const wait = useWait(attempt.since.value)
  return <>{wait === 'short' ? 'Start' : 'Starting…'}</>
}

function isShown(queue: SpawnQueue, sheet: Sheet): boolean {
  return queue.sheet.peek() === sheet
}
