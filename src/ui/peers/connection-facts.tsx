import type { ConnectionDetail, PeerDetail, PeerInfo } from '../../mesh/presence/peer-info.ts'
import { clock } from '../kit/clock.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { formatMoment, formatSpan } from '../kit/format.ts'
import { softwareWords } from '../kit/software.ts'
import { whyRelayedWords } from './peer-words.ts'

export interface ConnectionFactsProps {
  info: PeerInfo | undefined
  detail: PeerDetail | undefined
}

/** How a peer is reached, and what it says about itself. */
export function ConnectionFacts({ info, detail }: ConnectionFactsProps) {
  const now = clock.value
  const connections = detail?.connections ?? []
  const why = detail?.whyRelayed
  const protocols = info?.protocols ?? []
  return (
    <dl class="facts">
      {connections.map((connection, i) => (
        <Connection key={`${connection.address} ${i}`} connection={connection} now={now} />
      ))}
      {connections.length === 0 && (
        <>
          <dt>Announced</dt>
          <dd>
            {info?.address === undefined ? <span class="soft">no address</span> : <Address text={info.address} />}
          </dd>
        </>
      )}
      {why && (
        <>
          <dt>Why relayed</dt>
          <dd>
            {whyRelayedWords(why, now)}
            {connections.some(({ isLimited }) => isLimited) && ' The relay limits how much the connection may carry.'}
          </dd>
        </>
      )}
      <dt>Software</dt>
      <dd>{softwareWords(info?.agent) ?? <span class="soft">not known</span>}</dd>
      {protocols.length > 0 && (
        <>
          <dt>Protocols</dt>
          <dd>
            <details class="fold">
              <summary>{protocols.length}</summary>
              <ul class="protocols mono">
                {protocols.map((protocol) => (
                  <li key={protocol}>{protocol}</li>
                ))}
              </ul>
            </details>
          </dd>
        </>
      )}
    </dl>
  )
}

function Connection({ connection, now }: { connection: ConnectionDetail; now: number }) {
  const { address, isDirect, isInbound, since } = connection
  return (
    <>
      <dt>{isDirect ? 'Direct' : 'Over a relay'}</dt>
      <dd>
        <Address text={address} />
        <span class="soft">
          made by {isInbound ? 'the peer' : 'this tab'}, since {formatMoment(since, now)} ({formatSpan(now - since)})
        </span>
      </dd>
    </>
  )
}

function Address({ text }: { text: string }) {
  return (
    <CopyButton class="id-button" text={text} label={`Copy address ${text}`}>
      <span class="mono wrap">{text}</span>
    </CopyButton>
  )
}
