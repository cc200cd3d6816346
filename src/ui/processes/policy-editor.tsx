import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { PolicyChange } from '../../glia/process/policy.ts'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { focusWrong } from '../kit/focus-wrong.ts'
import type { ProcessSource, ProcessView } from '../model.ts'
import { PolicyFields } from './policy-fields.tsx'
import { type PolicyErrors, policyForm, readPolicyForm } from './policy-form.ts'
import { laterWords } from './policy-words.ts'
import { RestartButton } from './restart-button.tsx'
import { typed } from '../kit/typed.ts'
import { useMovedFocus } from '../kit/use-moved-focus.ts'
import { useWait } from '../kit/use-wait.ts'

export interface PolicyEditorProps {
  model: Pick<ProcessSource, 'setPolicy' | 'restart'>
  process: ProcessView
}

/** Changes the policy of a process while it lives. Says which changes wait for the next instance, and can start one. */
export function PolicyEditor({ model, process }: PolicyEditorProps) {
  const { pid } = process
  const isOpen = useMemo(() => typed.of(`${formOf(process)} is open`, false), [pid])
  /** Fields of the last change that wait for the next instance; undefined before the first change. */
  const later = useSignal<PolicyChange['later'] | undefined>(undefined)
  const restart = useMemo(() => new Attempt(), [pid])
  const form = useRef<HTMLFormElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const canRestart = later.value !== undefined && later.value.length > 0
  useMovedFocus(
    () => button.current ?? form.current?.querySelector<HTMLElement>('select, input, textarea'),
    isOpen.value ? 'form' : canRestart,
  )
  const change = (): void => {
    later.value = undefined
    typed.forget(formOf(process))
    isOpen.value = true
  }
  if (isOpen.value) {
    const done = (changed?: PolicyChange): void => {
      later.value = changed?.later
      isOpen.value = false
    }
    return <PolicyFormView model={model} process={process} formRef={form} onDone={done} />
  }
  const startAnew = async (): Promise<void> => {
    await model.restart(pid)
    later.value = []
  }
  return (
    <>
      <button ref={button} type="button" class="button plain" onClick={change}>
        Change…
      </button>
      <div role="status">{later.value && laterWords(later.value)}</div>
      {canRestart && (
        <RestartButton attempt={restart} process={process} onRestart={() => void restart.run(startAnew)} />
      )}
      <ErrorLine error={restart.error.value} />
    </>
  )
}

interface PolicyFormViewProps extends PolicyEditorProps {
  formRef: RefObject<HTMLFormElement | null>
  onDone: (changed?: PolicyChange) => void
}

function PolicyFormView({ model, process, formRef, onDone }: PolicyFormViewProps) {
  const { pid, name, policy, hasKeys } = process
  const form = useMemo(() => typed.of(formOf(process), policyForm(policy)), [pid])
  const errors = useSignal<PolicyErrors>({})
  const attempt = useMemo(() => new Attempt(), [pid])
  const wait = useWait(attempt.since.value)
  const fields = {
    form: form.value,
    errors: errors.value,
    hasKeys,
    onEdit: (changes: object) => (form.value = { ...form.value, ...changes }),
  }
  const save = (): void => {
    const wrong: PolicyErrors = {}
    const changed = readPolicyForm(form.value, wrong)
    errors.value = wrong
    if (Object.keys(wrong).length > 0) return focusWrong(formRef.current)
    void attempt.run(async () => onDone(await model.setPolicy(pid, changed)))
  }
  return (
    <form
      ref={formRef}
      class="policy-editor"
      noValidate
      aria-label={`Policy of ${name}`}
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <PolicyFields {...fields} />
      <ErrorLine error={attempt.error.value} />
      <div class="row">
        <button type="submit" class="button main">
          {wait === 'short' ? 'Save' : 'Saving…'}
        </button>
        <button type="button" class="button" onClick={() => onDone()}>
          Cancel
        </button>
      </div>
    </form>
  )
}

/** Name of what was typed into the form. Another peer may have a process with the same PID. */
function formOf({ pid, host }: ProcessView): string {
  return host === undefined ? `policy of ${pid}` : `policy of ${pid} of ${host}`
}
