import { FormField } from './form-field.tsx'

export interface TextFieldProps {
  label: string
  placeholder?: string
  value: string
  error?: string | undefined
  onEdit: (value: string) => void
}

/** A line of text. @param isFixed Whether it cannot be changed. Left out: it can. */
export function TextField({
  label,
  placeholder,
  value,
  error,
  isFixed,
  onEdit,
}: TextFieldProps & { isFixed?: boolean }) {
  return (
    <FormField label={label} error={error}>
      {(control) => (
        <input
          {...control}
          class="input"
          autocomplete="off"
          spellcheck={false}
          autocapitalize="off"
          placeholder={placeholder}
          disabled={isFixed}
          value={value}
          onInput={({ currentTarget }) => onEdit(currentTarget.value)}
        />
      )}
    </FormField>
  )
}

/** A number, as text. A text that is no number has an error beneath it. */
export function NumberField({ label, value, error, onEdit }: TextFieldProps) {
  return (
    <FormField label={label} error={error}>
      {(control) => (
        <input
          {...control}
          class="input num"
          inputMode="decimal"
          autocomplete="off"
          value={value}
          onInput={({ currentTarget }) => onEdit(currentTarget.value)}
        />
      )}
    </FormField>
  )
}

/** Several values, one per line. */
export function LinesField({ label, placeholder, value, error, onEdit }: TextFieldProps) {
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

export interface ChoiceFieldProps<Value extends string> {
  label: string
  /** The values, each with its name for people. */
  words: Readonly<Record<Value, string>>
  value: Value
  onEdit: (value: Value) => void
}

/** One of several values. */
export function ChoiceField<Value extends string>({ label, words, value, onEdit }: ChoiceFieldProps<Value>) {
  return (
    <FormField label={label} error={undefined}>
      {(control) => (
        <select {...control} value={value} onChange={({ currentTarget }) => onEdit(currentTarget.value as Value)}>
          {Object.entries<string>(words).map(([each, said]) => (
            <option key={each} value={each}>
              {said}
            </option>
          ))}
        </select>
      )}
    </FormField>
  )
}

export interface CheckFieldProps {
  label: string
  value: boolean
  onEdit: (value: boolean) => void
}

/** Yes or no. */
export function CheckField({ label, value, onEdit }: CheckFieldProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={({ currentTarget }) => onEdit(currentTarget.checked)} />
      {label}
    </label>
  )
}
