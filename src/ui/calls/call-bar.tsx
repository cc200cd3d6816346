import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { partWords } from './call-words.ts'

/** How the time of a call is divided, as one bar. */
export function CallBar({ call }: { call: TracedCall }) {
  const words = partWords(call)
  const { network, queue, run } = call.parts
  return (
    <span class="call-bar" role="img" aria-label={words} title={words}>
      <i class="network" style={{ flexGrow: network }} />
      <i class="queue" style={{ flexGrow: queue }} />
      <i class={call.way === 'in' ? 'run' : 'there'} style={{ flexGrow: run }} />
    </span>
  )
}
