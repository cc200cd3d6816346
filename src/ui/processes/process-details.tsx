import { useSignal } from '@preact/signals'
import { deferred } from '../kit/deferred.tsx'
import type { ProcessFactsProps } from './process-facts.tsx'

const ProcessFacts = deferred((views) => views.ProcessFacts)

/** What is rarely needed of a process, behind a click. Nothing is looked up before that. */
export function ProcessDetails(props: ProcessFactsProps) {
  const wasOpened = useSignal(false)
  return (
    <details class="fold details">
      {/* At the click, not at the toggle after it: so it opens with what is in it. */}
      <summary onClick={() => (wasOpened.value = true)}>Details</summary>
      {wasOpened.value && <ProcessFacts {...props} />}
    </details>
  )
}
