import type { ProcessSource, ProcessView } from '../model.ts'
import { PolicyFacts } from '../processes/process-facts.tsx'

/** Who may call a process, what it may do, and when it comes back. All of it can be changed while the process lives. */
export function PolicyPart({ source, process }: { source: ProcessSource; process: ProcessView }) {
  return (
    <div class="field">
      <dl class="facts">
        <PolicyFacts model={source} process={process} />
      </dl>
    </div>
  )
}
