import { chainNameOf } from '../../glia/chain-name.ts'
import type { Note } from '../../glia/trace/note.ts'
import { pendingCall, type TracedCall } from '../../glia/trace/read-calls.ts'
import { ringOf, type Wait, waitsOf, whyWaiting } from '../../glia/trace/waiting.ts'
import { clock } from '../kit/clock.ts'
import { formatSpan } from '../kit/format.ts'
import type { CallsSource } from '../model.ts'
import { hashOf } from '../route.ts'
import { calleeWords, callerWords, callIdText, type NameOf, waitingWords } from './call-words.ts'
import { pidsByName, ProcessName } from './process-name.tsx'

export interface WhyWaitingProps {
  call: TracedCall
  source: CallsSource
  nameOf: NameOf
}

/** Why a call is not over: what it waits for, since when, who has the turn, and whether processes wait in a ring. */
export function WhyWaiting({ call, source, nameOf }: WhyWaitingProps) {
  // The time beside the reason goes on.
  void clock.value
  const pending = [...source.trace.pending]
  const note = pending.find(({ id }) => id === call.id)
  if (!note) return null
  const waiting = whyWaiting(note, { pending, proc: (pid) => source.proc(pid) })
  const calls = waiting.for === 'calls' ? waiting.calls : []
  const holder = waiting.for === 'turn' ? waiting.holder : undefined
  return (
    <div class="why-waiting" role="group" aria-label="Why is it waiting?">
      <h3>Why is it waiting?</h3>
      <p>
        {waitingWords(waiting, call)} <span class="soft">For {formatSpan(performance.now() - waiting.since)} now.</span>
      </p>
      {holder && (
        <p>
          The turn has <CallLink note={holder} nameOf={nameOf} />, since{' '}
          {formatSpan(performance.now() - (holder.served?.turnAt ?? holder.startedAt))}.
        </p>
      )}
      {calls.map((each) => (
        <p key={each.id}>
          It waits for <CallLink note={each} nameOf={nameOf} />.
        </p>
      ))}
      <Ring
        call={call}
        waits={waitsOf(pending, chainNameOf, source.self)}
        self={source.self}
        pids={pidsByName(
          source.self,
          pending.map(({ stream }) => stream.procId),
        )}
        nameOf={nameOf}
      />
    </div>
  )
}

function CallLink({ note, nameOf }: { note: Note; nameOf: NameOf }) {
  const call = pendingCall(note, performance.now())
  return (
    <a href={hashOf('calls', callIdText(note.id))}>
      the call of {calleeWords(call, nameOf)} <span class="mono">{call.method}</span> by {callerWords(call, nameOf)}
    </a>
  )
}

export interface RingProps {
  call: Pick<TracedCall, 'host' | 'pid'>
  waits: readonly Wait[]
  self: string
  /** Processes of this tab that may be in the ring. */
  pids: ReadonlyMap<string, string>
  nameOf: NameOf
}

/** Says that the process of a call waits for itself, over others. */
export function Ring({ call, waits, self, pids, nameOf }: RingProps) {
  const ring = ringOf(chainNameOf(call.host, call.pid), waits)
  if (!ring) return null
  return (
    <div class="ring" role="alert">
      <p>These processes wait for each other, so none of them goes on before a deadline or a cancel:</p>
      <ol>
        {[...ring, ...ring.slice(0, 1)].map((name, i) => (
          <li key={i}>
            <ProcessName name={name} self={self} pids={pids} nameOf={nameOf} />
          </li>
        ))}
      </ol>
    </div>
  )
}
