import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Answer, type ChainCall, MAX_ASKED, peersToAsk, shownChain } from '../../glia/trace/chain.ts'
import { chainNameOf } from '../../glia/chain-name.ts'
import { traceIdOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import { waitsOf } from '../../glia/trace/waiting.ts'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatCount, formatMs } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import { wordsOf } from '../kit/notices.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { CallsSource } from '../model.ts'
import { hashOf } from '../route.ts'
import { callIdText, type NameOf } from './call-words.ts'
import { pidsByName, ProcessName } from './process-name.tsx'
import { Ring } from './why-waiting.tsx'

/** How long one peer may take for its answer, in ms. It may have to be dialled. */
const ASK_MS = 10_000

export interface CallChainProps {
  call: TracedCall
  /** The calls of this tab with the same trace, the oldest first. */
  own: readonly TracedCall[]
  source: CallsSource
  nameOf: NameOf
}

/** The calls that share the trace: those of this tab, and what other peers tell when they are asked. */
export function CallChain({ call, own, source, nameOf }: CallChainProps) {
  const answers = useSignal<readonly Answer[]>([])
  /** Peers that gave no answer, and why. */
  const silent = useSignal<readonly { peer: string; why: string }[]>([])
  const attempt = useMemo(() => new Attempt(), [])
  const wait = useWait(attempt.since.value)
  const { self } = source
  const chain = useMemo(() => shownChain(self, own, answers.value, call.id), [self, own, answers.value, call.id])
  const asked = new Set([...answers.value, ...silent.value].map(({ peer }) => peer))
  const others = peersToAsk(chain.all, self, asked)
  const pids = useMemo(
    () =>
      pidsByName(
        self,
        chain.calls.flatMap(({ own: here }) => (here ? [here.pid, here.caller] : [])),
      ),
    [self, chain],
  )

  const ask = async (signal: AbortSignal): Promise<void> => {
    const trace = traceIdOf(call.trace)
    for (;;) {
      const soFar = new Set([...answers.value, ...silent.value].map(({ peer }) => peer))
      const peers = peersToAsk(shownChain(self, own, answers.value, call.id).all, self, soFar)
      if (peers.length === 0) return
      // oxlint-disable-next-line no-await-in-loop -- what they tell names the next ones
      await Promise.all(peers.map((peer) => askOne(peer, trace, signal)))
    }
  }
  const askOne = async (peer: string, trace: string, signal: AbortSignal): Promise<void> => {
    try {
      const told = await source.ask(peer, trace, AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]))
      answers.value = [...answers.value, { peer, told, at: Date.now() }]
    } catch (thrown) {
      signal.throwIfAborted()
      silent.value = [...silent.value, { peer, why: wordsOf(thrown).message }]
    }
  }
  const askAgain = (): void => {
    answers.value = []
    silent.value = []
    void attempt.run(ask)
  }
  return (
    <div class="call-chain">
      <h3>
        Calls of this trace <span class="grow" />
        {attempt.since.value !== undefined && wait === 'long' && (
          <button type="button" class="button" onClick={() => attempt.cancel()}>
            Cancel
          </button>
        )}
        {(others.length > 0 || asked.size > 0) && (
          <button type="button" class="button" aria-disabled={attempt.since.value !== undefined} onClick={askAgain}>
            {wait !== 'short' ? 'Asking…' : asked.size > 0 ? 'Ask again' : `Ask ${peersWords(others.length)}`}
          </button>
        )}
      </h3>
      <ErrorLine error={attempt.error.value} />
      <ol class="chain" aria-label="Calls of this trace">
        {chain.calls.map((each, i) => (
          <ChainLine
            key={i}
            call={each}
            current={each.own?.id === call.id}
            names={{ self, pids, nameOf }}
            longestMs={chain.longestMs}
          />
        ))}
      </ol>
      <ul class="soft chain-notes">
        {chain.others > 0 && (
          <li>
            The first calls are shown. {formatCount(chain.others)} more have this trace, which its id finds in the list.
          </li>
        )}
        {answers.value
          .filter(({ told }) => told.calls.length === 0)
          .map(({ peer }) => (
            <li key={peer}>{peerWords(peer)} tells nothing of this trace: it has forgotten it, or does not tell.</li>
          ))}
        {silent.value.map(({ peer, why }) => (
          <li key={peer}>
            {peerWords(peer)} did not answer: {why}
          </li>
        ))}
        {asked.size >= MAX_ASKED && <li>{MAX_ASKED} peers were asked. There may be more.</li>}
      </ul>
      {call.status === 'pending' && answers.value.length > 0 && (
        <Ring
          call={call}
          waits={[
            ...waitsOf(source.trace.pending, chainNameOf, self),
            ...answers.value.flatMap(({ told }) => told.waits),
          ]}
          self={self}
          pids={pids}
          nameOf={nameOf}
        />
      )}
    </div>
  )
}

interface ChainLineProps {
  call: ChainCall
  /** Whether the page is about this call. */
  current: boolean
  names: { self: string; pids: ReadonlyMap<string, string>; nameOf: NameOf }
  longestMs: number
}

function ChainLine({ call, current, names, longestMs }: ChainLineProps) {
  const { from, to, method, status, ms, network, queue, run, own, by, depth } = call
  const words = (
    <>
      <ProcessName name={to} {...names} /> <span class="mono">{method}</span>
    </>
  )
  return (
    <li class={current ? 'current' : undefined} style={{ paddingLeft: `${depth * 16}px` }}>
      <span class={`dot ${status === 'ok' ? '' : status === 'pending' ? 'warn' : 'bad'}`} />
      <span class="what">
        <ProcessName name={from} {...names} /> calls{' '}
        {own && !current ? <a href={hashOf('calls', callIdText(own.id))}>{words}</a> : words}
        {status !== 'ok' && <> {status === 'pending' ? 'waiting' : status}</>}
        {by !== undefined && <span class="soft"> as {peerWords(by)} tells</span>}
      </span>
      <span class="chain-bar" aria-hidden="true">
        <i style={{ width: `${longestMs > 0 ? (100 * ms) / longestMs : 0}%` }} />
      </span>
      <span class="num soft">
        {formatMs(ms)}
        {network !== undefined && `: ${formatMs(network)} network, ${formatMs(queue)} mailbox, ${formatMs(run)} run`}
      </span>
    </li>
  )
}

function peersWords(count: number): string {
  return count === 1 ? 'the other peer' : `${count} other peers`
}
