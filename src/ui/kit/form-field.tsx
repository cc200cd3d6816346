import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** Attributes that name a control and connect it to its error. */
export interface ControlProps {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

export interface FormFieldProps {
  label: ComponentChildren
  error: string | undefined
  class?: string
  children: (control: ControlProps) => ComponentChildren
}

/** A control with its name above, and its error beneath. */
export function FormField({ label, error, class: className = '', children }: FormFieldProps) {
  const id = useId()
  const errorId = `${id}-error`
  return (
    <div class={`form-field ${className}`}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-invalid': error !== undefined, 'aria-describedby': error && errorId })}
      {error && (
        <p id={errorId} class="call-error">
          {error}
        </p>
      )}
    </div>
  )
}
