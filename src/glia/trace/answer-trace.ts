import type { Proc } from '../process/proc.ts'
import type { CallTrace } from './call-trace.ts'
import { callsOf, pendingCall, traceIdOf, type TracedCall } from './read-calls.ts'
import { toldTrace } from './told-call.ts'

export interface AnswerInit {
  /** Id of this peer. */
  self: string
  procs: { get(pid: string): Proc | undefined }
  trace: CallTrace
}

/** What another peer is told of a trace, as JSON. */
export function answerTrace(asker: string, id: string, { self, procs, trace }: AnswerInit): string {
  const told = toldTrace({
    self,
    asker,
    calls: callsWith(id, trace),
    pending: trace.pending,
    policyOf: (pid) => procs.get(pid)?.policy,
  })
  return JSON.stringify(told)
}

/** The calls with a trace, the oldest first. */
function callsWith(id: string, { blocks, pending }: CallTrace): TracedCall[] {
  const now = performance.now()
  const ended = blocks.flatMap((block) => callsOf(block))
  const calls = [...ended, ...Array.from(pending, (note) => pendingCall(note, now))]
  return calls.filter(({ trace }) => traceIdOf(trace) === id).toSorted((a, b) => a.id - b.id)
}
