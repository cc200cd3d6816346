import { useLayoutEffect, useRef } from 'preact/hooks'
import { makePolicy } from '../../glia/process/policy.ts'
import { CheckField, ChoiceField, LinesField, TextField } from '../kit/form-fields.tsx'
import { CallFields, LimitFields, MethodsField, RecordFields } from '../processes/policy-fields.tsx'
import { callWords, mainLimitWords, RESTART_WORDS } from '../processes/policy-words.ts'
import { type FormErrors, readForm, type SpawnForm } from './spawn-form.ts'

export interface SheetSettingsProps {
  form: SpawnForm
  errors: FormErrors
  onEdit: (changes: Partial<SpawnForm>) => void
}

/** All settings of a new process besides its name and its callers. Closed, it says what is set. */
export function SheetSettings({ form, errors, onEdit }: SheetSettingsProps) {
  const fold = useRef<HTMLDetailsElement>(null)
  const isWrong = Object.keys(errors).some((field) => field !== 'name' && field !== 'peers')
  // A wrong field must not stay hidden. The fields stay open when it is right again.
  useLayoutEffect(() => {
    if (isWrong && fold.current) fold.current.open = true
  }, [isWrong])
  return (
    <details ref={fold} class="fold">
      <summary>
        Arguments, callers, limits <span class="soft">{summaryOf(form)}</span>
      </summary>
      <div class="fold-body">
        <StartFields form={form} errors={errors} onEdit={onEdit} />
        <MethodsField form={form} errors={errors} onEdit={onEdit} />
        <CallFields form={form} errors={errors} onEdit={onEdit} />
        <RestartField form={form} errors={errors} onEdit={onEdit} />
        <KeyField form={form} errors={errors} onEdit={onEdit} />
        <LimitFields form={form} errors={errors} hasKeys={form.key} onEdit={onEdit} />
        <RecordFields form={form} errors={errors} onEdit={onEdit} />
      </div>
    </details>
  )
}

function summaryOf(form: SpawnForm): string {
  const read = readForm(form)
  if ('errors' in read) return ''
  const policy = makePolicy(read.options.policy)
  return `${form.key ? 'One instance per key. ' : ''}${callWords(policy)} ${mainLimitWords(policy)}`
}

function StartFields({ form, errors, onEdit }: SheetSettingsProps) {
  return (
    <>
      <TextField
        label="What it does, for people who open a link to it"
        value={form.description}
        error={errors.description}
        onEdit={(description) => onEdit({ description })}
      />
      <TextField
        label="Arguments, as in a shell"
        placeholder="--from markdown 'a b'"
        value={form.args}
        error={errors.args}
        onEdit={(args) => onEdit({ args })}
      />
      <LinesField
        label="Environment, KEY=value lines"
        placeholder="LANG=en"
        value={form.env}
        error={errors.env}
        onEdit={(env) => onEdit({ env })}
      />
    </>
  )
}

const RESTART_CHOICES = {
  permanent: `permanent: ${RESTART_WORDS.permanent}`,
  transient: `transient: ${RESTART_WORDS.transient}`,
  temporary: `temporary: ${RESTART_WORDS.temporary}`,
}

function RestartField({ form, onEdit }: SheetSettingsProps) {
  return (
    <ChoiceField
      label="When its instance has ended"
      words={RESTART_CHOICES}
      value={form.restart}
      onEdit={(restart) => onEdit({ restart })}
    />
  )
}

function KeyField({ form, onEdit }: SheetSettingsProps) {
  const { memory, maxKeys } = form.base
  // An instance is stopped whenever it is idle, so it is of use only with a memory that is kept.
  const edit = (key: boolean): void => onEdit({ key, memory: key ? 'durable' : memory, keys: String(maxKeys) })
  return (
    <CheckField
      label="One instance per key: each key that is called has its own memory and files"
      value={form.key}
      onEdit={edit}
    />
  )
}
