import { useSignal } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import { focusWrong } from '../kit/focus-wrong.ts'
import { typed } from '../kit/typed.ts'
import { PolicyFields } from '../processes/policy-fields.tsx'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { defaultPolicy, setDefaultPolicy } from '../processes/default-policy.ts'
import { type PolicyErrors, policyForm, readPolicyForm } from '../processes/policy-form.ts'
import { callWords, mainLimitWords } from '../processes/policy-words.ts'

/** The policy of processes that are made from now on. */
export function PolicyPart() {
  const form = useMemo(() => typed.of('default policy', policyForm(defaultPolicy())), [])
  const errors = useSignal<PolicyErrors>({})
  const element = useRef<HTMLFormElement>(null)
  const said = useSignal('')
  const policy = defaultPolicy()
  const fields = {
    form: form.value,
    errors: errors.value,
    onEdit: (changes: object) => {
      said.value = ''
      form.value = { ...form.value, ...changes }
    },
  }
  const save = (): void => {
    const wrong: PolicyErrors = {}
    const read = readPolicyForm(form.value, wrong)
    errors.value = wrong
    said.value = ''
    if (Object.keys(wrong).length > 0) return focusWrong(element.current)
    setDefaultPolicy(read)
    said.value = 'Saved. New processes begin with it.'
  }
  const reset = (): void => {
    setDefaultPolicy(undefined)
    form.value = policyForm(DEFAULT_POLICY)
    errors.value = {}
    said.value = 'New processes begin with the policy of Glia.'
  }
  return (
    <section class="panel" aria-labelledby="policy-title">
      <h2 id="policy-title">Policy of new processes</h2>
      <div class="field">
        <p class="soft">
          What a process that you make in this page begins with. You can change it for each. Scripts give their own.
        </p>
        <details class="fold">
          <summary>
            Callers, calls, limits{' '}
            <span class="soft">
              {callWords(policy)} {mainLimitWords(policy)}
            </span>
          </summary>
          <form
            ref={element}
            class="fold-body"
            noValidate
            aria-label="Policy of new processes"
            onSubmit={(event) => {
              event.preventDefault()
              save()
            }}
          >
            <PolicyFields {...fields} />
            <div class="row">
              <button type="submit" class="button main">
                Save policy
              </button>
              <button type="button" class="button plain" onClick={reset}>
                Use that of Glia
              </button>
            </div>
          </form>
        </details>
        <span role="status">{said.value}</span>
      </div>
    </section>
  )
}
