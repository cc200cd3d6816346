import { useLayoutEffect, useRef } from 'preact/hooks'
import { makePolicy } from '../glia/policy.ts'
import { FormField } from './form-field.tsx'
import { CallFields, LimitFields, MethodsField } from './policy-fields.tsx'
import { callWords, mainLimitWords, RESTART_WORDS } from './policy-words.ts'
import { type FormErrors, readForm, type SpawnForm } from './spawn-form.ts'

export interface SheetSettingsProps {
  form: SpawnForm
  errors: FormErrors
  onEdit: (changes: Partial<SpawnForm>) => void
}

/** All that can be set of a new process besides its name and its callers. Closed, it says what is set. */
export function SheetSettings({ form, errors, onEdit }: SheetSettingsProps) {
  const fold = useRef<HTMLDetailsElement>(null)
  const isWrong = Object.keys(errors).some((field) => field !== 'name' && field !== 'peers')
  // What is wrong must not stay hidden; when it is right it stays in sight all the same.
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
        <LimitFields form={form} errors={errors} onEdit={onEdit} />
      </div>
    </details>
  )
}

function summaryOf(form: SpawnForm): string {
  const read = readForm(form)
  if ('errors' in read) return ''
  const policy = makePolicy(read.options.policy)
  return `${callWords(policy)} ${mainLimitWords(policy)}`
}

function StartFields({ form, errors, onEdit }: SheetSettingsProps) {
  return (
    <>
      <FormField label="Arguments, as in a shell" error={errors.args}>
        {(control) => (
          <input
            {...control}
            class="input"
            spellcheck={false}
            autocapitalize="off"
            placeholder="--from markdown 'a b'"
            value={form.args}
            onInput={({ currentTarget }) => onEdit({ args: currentTarget.value })}
          />
        )}
      </FormField>
      <FormField label="Environment, KEY=value lines" error={errors.env}>
        {(control) => (
          <textarea
            {...control}
            rows={2}
            spellcheck={false}
            autocapitalize="off"
            placeholder="LANG=en"
            value={form.env}
            onInput={({ currentTarget }) => onEdit({ env: currentTarget.value })}
          />
        )}
      </FormField>
    </>
  )
}

function RestartField({ form, onEdit }: SheetSettingsProps) {
  return (
    <FormField label="When its instance has ended" error={undefined}>
      {(control) => (
        <select
          {...control}
          value={form.restart}
          onChange={({ currentTarget }) => onEdit({ restart: currentTarget.value as SpawnForm['restart'] })}
        >
          {Object.entries(RESTART_WORDS).map(([type, words]) => (
            <option key={type} value={type}>
              {type}: {words}
            </option>
          ))}
        </select>
      )}
    </FormField>
  )
}
