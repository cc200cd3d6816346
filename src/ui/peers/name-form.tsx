import { useSignal } from '@preact/signals'
import { useId, useMemo } from 'preact/hooks'
import { MAX_NAME } from '../../glia/peer-name.ts'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { typed } from '../kit/typed.ts'
import type { TabModel } from '../model.ts'

export interface NameFormProps {
  /** Whose name it is, for what is typed and not sent. */
  of: string
  label: string
  /** What the name does, beneath the box. */
  hint: string
  /** The name now. Empty: there is none. */
  name: string
  onName: (name: string) => Promise<void>
}

/** A box for a name. An empty one takes the name away. */
export function NameForm({ of, label, hint, name, onName }: NameFormProps) {
  const id = useId()
  const hintId = `${id}-hint`
  const text = useMemo(() => typed.of<string | undefined>(`name of ${of}`, undefined), [of])
  const attempt = useMemo(() => new Attempt(), [])
  const said = useSignal('')
  const given = text.value ?? name
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (given === name) return
        void attempt.run(async () => {
          await onName(given)
          text.value = undefined
          said.value = given.trim() === '' ? 'The name is gone.' : 'The name is kept.'
        })
      }}
    >
      <label for={id}>{label}</label>
      <div class="row">
        <input
          id={id}
          class="input grow"
          autocomplete="off"
          spellcheck={false}
          maxLength={MAX_NAME}
          placeholder="no name"
          aria-describedby={hintId}
          value={given}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value
            said.value = ''
          }}
        />
        <button type="submit" class="button" aria-disabled={given === name}>
          Set name
        </button>
      </div>
      <p id={hintId} class="label">
        {hint} <span role="status">{said.value}</span>
      </p>
      <ErrorLine error={attempt.error.value} />
    </form>
  )
}

/** The name that this browser announces. */
export function OwnNameForm({ model }: { model: TabModel }) {
  return (
    <NameForm
      of="this browser"
      label="Your name, as other peers see it"
      hint="All tabs of this browser announce it. It stands in quotation marks beside the peer id, and proves nothing."
      name={model.people.value.ownName}
      onName={model.setOwnName}
    />
  )
}
