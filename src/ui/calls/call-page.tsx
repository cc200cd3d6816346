import type { ComponentChildren } from 'preact'
import { formatAddress } from '../../glia/address.ts'
import { failedCallWords } from '../../glia/failure.ts'
import { HEAD_BYTES } from '../../glia/heads.ts'
import type { Pid } from '../../glia/pid.ts'
import { traceIdOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { formatBytes, formatMs } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'
import type { CallsSource, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { CallBar } from './call-bar.tsx'
import { CallChain } from './call-chain.tsx'
import { CallReplay } from './call-replay.tsx'
import { calleeWords, callerWords, type NameOf, partWords, statusWords } from './call-words.ts'
import { headText } from './head-text.ts'
import { WhyWaiting } from './why-waiting.tsx'

export interface CallPageProps {
  model: TabModel
  call: TracedCall
  /** The calls of this tab with the same trace, this one included, the oldest first. */
  own: readonly TracedCall[]
  source: CallsSource
  nameOf: NameOf
  page: Page
}

/** Everything that is known of one call. */
export function CallPage({ model, call, own, source, nameOf, page }: CallPageProps) {
  const { method, status } = call
  page.useTitle(`Call of ${method}`)
  const kind = status === 'ok' ? '' : status === 'pending' ? 'warn' : 'bad'
  return (
    <section class="panel call-page" aria-label={`Call of ${method}`}>
      <h2>
        <a href="#/calls">Calls</a>
        <span class="soft" aria-hidden="true">
          /
        </span>
        <span class="words">
          {calleeWords(call, nameOf)} <span class="mono">{method}</span>
        </span>
        <span class="grow" />
        <span class="state">
          <span class={`dot ${kind}`} />
          {statusWords(call)}
        </span>
      </h2>
      {status === 'pending' && <WhyWaiting call={call} source={source} nameOf={nameOf} />}
      <Failure call={call} />
      <Facts call={call} nameOf={nameOf} />
      <CallReplay model={model} call={call} source={source} />
      <CallChain call={call} own={own} source={source} nameOf={nameOf} />
      {call.stderr !== undefined && <Text title="stderr, its end" text={call.stderr} />}
      {call.request && <Head title="Message" bytes={call.request} all={call.bytesIn} />}
      {call.reply && <Head title="Reply" bytes={call.reply} all={call.bytesOut} />}
    </section>
  )
}

function Failure({ call: { failure } }: { call: TracedCall }) {
  if (!failure) return null
  const { code, message, peer, process, stderr } = failure
  const before = failedCallWords(failure)
  return (
    <div class="call-failure">
      <p>
        {message} <span class="bad-text">{code}</span>
      </p>
      {peer !== undefined && (
        <p class="soft">
          It failed at <span class="mono wrap">{process === undefined ? peer : `${peer}/${process}`}</span>
        </p>
      )}
      {before !== undefined && <p>{before}</p>}
      {stderr !== undefined && <Text title="stderr of the program" text={stderr} />}
    </div>
  )
}

function Facts({ call, nameOf }: { call: TracedCall; nameOf: NameOf }) {
  const { at, way, caller, chain, onBehalfOf, host, pid, method, trace, bytesIn, bytesOut, ms } = call
  const address = formatAddress({ host, proc: pid as Pid, method })
  return (
    <dl class="facts">
      <Fact name="Began">
        <time dateTime={new Date(at).toISOString()}>{formatWhole(at)}</time>
      </Fact>
      <Fact name="Way">{WAYS_AT_LENGTH[way]}</Fact>
      <Fact name="Caller">
        {callerWords(call, nameOf)} {caller !== 'browser' && <Id text={caller} what="caller" />}
      </Fact>
      {onBehalfOf.length > 0 && (
        <Fact name="For">
          {onBehalfOf.map((peer) => (
            <Id key={peer} text={peer} what="peer" />
          ))}
        </Fact>
      )}
      {chain.length > 0 && (
        <Fact name="Waiting for it">
          {chain.map((name) => (
            <div key={name} class="mono wrap">
              {name}
            </div>
          ))}
        </Fact>
      )}
      <Fact name="Address">
        <Id text={address} what="address" />
      </Fact>
      <Fact name="Trace">
        <Id text={traceIdOf(trace)} what="trace" />
      </Fact>
      <Fact name="Bytes">
        {formatBytes(bytesIn)} in, {formatBytes(bytesOut)} out
      </Fact>
      <Fact name={call.status === 'pending' ? 'So far' : 'Took'}>
        {formatMs(ms)}: {partWords(call)}
        <CallBar call={call} />
      </Fact>
    </dl>
  )
}

const WAYS_AT_LENGTH = {
  in: 'in, to a process of this tab',
  out: 'out, from this tab to another peer',
  through: 'through this tab, which passed it on to another peer',
} as const

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Id({ text, what }: { text: string; what: string }) {
  return (
    <CopyButton class="id-button" text={text} label={`Copy the ${what} ${text}`}>
      <span class="mono wrap">{text}</span>
    </CopyButton>
  )
}

function Text({ title, text }: { title: string; text: string }) {
  return (
    <div class="call-text">
      <h3 class="label">{title}</h3>
      <pre class="out" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </div>
  )
}

function Head({ title, bytes, all }: { title: string; bytes: Uint8Array; all: number }) {
  const { text, kind } = headText(bytes)
  const part = all > HEAD_BYTES ? `, the first 4 KiB of ${formatBytes(all)}` : ''
  return (
    <Text title={`${title}${part}${kind === 'hex' ? ', as hex' : ''}`} text={bytes.length === 0 ? 'empty' : text} />
  )
}
