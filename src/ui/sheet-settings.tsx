import { useLayoutEffect, useRef } from 'preact/hooks'
import { DEFAULT_POLICY } from '../glia/policy.ts'
import { FormField } from './form-field.tsx'
import { callWords, mainLimitWords, RESTART_WORDS } from './policy-words.ts'
import { type FormErrors, readForm, type SpawnForm } from './spawn-form.ts'

export interface SheetSettingsProps {
  form: SpawnForm
  errors: FormErrors
  onEdit: (changes: Partial<SpawnForm>) => void
}

/** All that can be set of a new process besides its name. Closed, it says what is set. */
export function SheetSettings({ form, errors, onEdit }: SheetSettingsProps) {
  const fold = useRef<HTMLDetailsElement>(null)
  const isWrong = Object.keys(errors).some((field) => field !== 'name')
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
        <CallFields form={form} errors={errors} onEdit={onEdit} />
        <LimitFields form={form} errors={errors} onEdit={onEdit} />
      </div>
    </details>
  )
}

function summaryOf(form: SpawnForm): string {
  const read = readForm(form)
  if ('errors' in read) return ''
  const policy = { ...DEFAULT_POLICY, ...read.options.policy }
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

function CallFields({ form, errors, onEdit }: SheetSettingsProps) {
  return (
    <>
      <FormField label="Who may call it" error={undefined}>
        {(control) => (
          <select
            {...control}
            value={form.callers}
            onChange={({ currentTarget }) => onEdit({ callers: currentTarget.value as SpawnForm['callers'] })}
          >
            <option value="anyone">Anyone on the mesh</option>
            <option value="browser">This browser only</option>
            <option value="peers">This browser and the peers listed</option>
          </select>
        )}
      </FormField>
      {form.callers === 'peers' && (
        <FormField label="Peer ids, one a line" error={errors.peers}>
          {(control) => (
            <textarea
              {...control}
              rows={2}
              spellcheck={false}
              placeholder="12D3…"
              value={form.peers}
              onInput={({ currentTarget }) => onEdit({ peers: currentTarget.value })}
            />
          )}
        </FormField>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={form.mayCall}
          onChange={({ currentTarget }) => onEdit({ mayCall: currentTarget.checked })}
        />
        It may call other actors, as files under /ww
      </label>
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
    </>
  )
}

const LIMITS = [
  ['deadlineSeconds', 'Time for a message, s'],
  ['memoryMiB', 'Memory, MiB'],
  ['messageMiB', 'Largest message, MiB'],
  ['replyMiB', 'Largest reply, MiB'],
  ['dataMiB', 'Files in /data, MiB'],
  ['mailbox', 'Waiting messages'],
  ['openFiles', 'Open files'],
  ['openCalls', 'Calls at once'],
] as const

function LimitFields({ form, errors, onEdit }: SheetSettingsProps) {
  return (
    <fieldset>
      <legend class="label">Limits</legend>
      <div class="limits">
        {LIMITS.map(([field, label]) => (
          <FormField key={field} label={label} error={errors[field]}>
            {(control) => (
              <input
                {...control}
                class="input num"
                inputMode="decimal"
                autocomplete="off"
                value={form[field]}
                onInput={({ currentTarget }) => onEdit({ [field]: currentTarget.value })}
              />
            )}
          </FormField>
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={form.durable}
          onChange={({ currentTarget }) => onEdit({ durable: currentTarget.checked })}
        />
        Its fsync waits until the files are on the disk, also if the browser is killed then
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={form.mayEvict}
          onChange={({ currentTarget }) => onEdit({ mayEvict: currentTarget.checked })}
        />
        It may be stopped while it is idle to make room for others, and lose what it has in memory
      </label>
    </fieldset>
  )
}
