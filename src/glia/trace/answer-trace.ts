import type { Proc } from '../process/proc.ts'
import type { CallTrace } from './call-trace.ts'
import { callsWith, pendingCall, traceIdOf, type TracedCall } from './read-calls.ts'
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
    calls: callsOfTrace(id, trace),
    pending: trace.pending,
    policyOf: (pid) => procs.get(pid)?.policy,
  })
  return JSON.stringify(told)
}

/** The calls with a trace, the oldest first. */
function callsOfTrace(id: string, { blocks, pending }: CallTrace): TracedCall[] {
  const now = performance.now()
  const ended = blocks.flatMap((block) => callsWith(block, id))
  // A call whose trace nobody has asked for has told it to nobody.
  const running = [...pending].filter(({ knownTrace }) => knownTrace !== undefined && traceIdOf(knownTrace) === id)
  return [...ended, ...running.map((note) => pendingCall(note, now))].toSorted((a, b) => a.id - b.id)
}
