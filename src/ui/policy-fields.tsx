import { FormField } from './form-field.tsx'
import type { PolicyErrors, PolicyForm } from './policy-form.ts'

export interface PolicyFieldsProps {
  form: PolicyForm
  errors: PolicyErrors
  onEdit: (changes: Partial<PolicyForm>) => void
}

const CALLERS: Readonly<Record<PolicyForm['callers'], string>> = {
  browser: 'This browser only',
  anyone: 'Whoever has the address',
  listed: 'Everybody: it is listed to other peers',
  peers: 'This browser and named peers',
}

const CALL: Readonly<Record<PolicyForm['call'], string>> = {
  off: 'Nobody',
  caller: 'Others, with the rights of who calls it',
  owner: 'Others, as this browser, whoever calls it',
}

/** Who may call a process. */
export function CallersFields({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <>
      <FormField label="Who may call it" error={undefined}>
        {(control) => (
          <select
            {...control}
            value={form.callers}
            onChange={({ currentTarget }) => onEdit({ callers: currentTarget.value as PolicyForm['callers'] })}
          >
            <Options words={CALLERS} />
          </select>
        )}
      </FormField>
      {form.callers === 'peers' && (
        <>
          <Lines
            label="Peer ids, one a line"
            placeholder="12D3…"
            value={form.peers}
            error={errors.peers}
            onEdit={(peers) => onEdit({ peers })}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={form.listed}
              onChange={({ currentTarget }) => onEdit({ listed: currentTarget.checked })}
            />
            It is listed to them
          </label>
        </>
      )}
    </>
  )
}

/** Methods with callers of their own. */
export function MethodsField({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <Lines
      label="Methods with callers of their own, one a line"
      placeholder="increment: browser"
      value={form.methods}
      error={errors.methods}
      onEdit={(methods) => onEdit({ methods })}
    />
  )
}

/** Whom a process may call. */
export function CallFields({ form, errors, onEdit }: PolicyFieldsProps) {
  return (
    <>
      <FormField label="Whom it may call, as files under /ww" error={undefined}>
        {(control) => (
          <select
            {...control}
            value={form.call}
            onChange={({ currentTarget }) => onEdit({ call: currentTarget.value as PolicyForm['call'] })}
          >
            <Options words={CALL} />
          </select>
        )}
      </FormField>
      {form.call !== 'off' && (
        <Lines
          label="Only these addresses, one a line; * is any"
          placeholder="/ww/0.1.0/self/root/*"
          value={form.callTo}
          error={errors.callTo}
          onEdit={(callTo) => onEdit({ callTo })}
        />
      )}
    </>
  )
}

const LIMITS = [
  ['deadlineSeconds', 'Time for a message, s'],
  ['memoryMiB', 'Memory, MiB'],
  ['messageMiB', 'Largest message, MiB'],
  ['replyMiB', 'Largest reply, MiB'],
  ['dataMiB', 'Files in /data, MiB'],
  ['tmpMiB', 'Files in /tmp, MiB'],
  ['mailbox', 'Waiting messages'],
  ['openFiles', 'Open files'],
  ['openCalls', 'Calls at once'],
] as const

/** What a process may take. */
export function LimitFields({ form, errors, onEdit }: PolicyFieldsProps) {
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
      <FormField label="Exit codes that are no failure" error={errors.okExits}>
        {(control) => (
          <input
            {...control}
            class="input"
            autocomplete="off"
            placeholder="1 of grep and diff"
            value={form.okExits}
            onInput={({ currentTarget }) => onEdit({ okExits: currentTarget.value })}
          />
        )}
      </FormField>
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

function Options({ words }: { words: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(words).map(([value, said]) => (
        <option key={value} value={value}>
          {said}
        </option>
      ))}
    </>
  )
}

interface LinesProps {
  label: string
  placeholder: string
  value: string
  error: string | undefined
  onEdit: (value: string) => void
}

function Lines({ label, placeholder, value, error, onEdit }: LinesProps) {
  return (
    <FormField label={label} error={error}>
      {(control) => (
        <textarea
          {...control}
          rows={2}
          spellcheck={false}
          autocapitalize="off"
          placeholder={placeholder}
          value={value}
          onInput={({ currentTarget }) => onEdit(currentTarget.value)}
        />
      )}
    </FormField>
  )
}
