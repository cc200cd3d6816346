import { useSignal } from '@preact/signals'
import { ProcessFacts, type ProcessFactsProps } from './process-facts.tsx'

/** Rarely needed facts about a process, behind a click. Nothing is looked up before the click. */
export function ProcessDetails(props: ProcessFactsProps) {
  const wasOpened = useSignal(false)
  return (
    <details class="fold details">
      {/* At the click, not at the toggle that follows it: so the details open with their content. */}
      <summary onClick={() => (wasOpened.value = true)}>Details</summary>
      {wasOpened.value && <ProcessFacts {...props} />}
    </details>
  )
}
