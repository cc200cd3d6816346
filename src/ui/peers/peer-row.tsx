import { type Signal, useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { PeerInfo } from '../../mesh/presence/peer-info.ts'
import { clock } from '../kit/clock.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { formatMs, formatSpan } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'
import { Identicon } from '../kit/identicon.tsx'
import { memo } from '../kit/memo.ts'
import { PeerName } from '../kit/peer-name.tsx'
import type { TabModel } from '../model.ts'
import { softwareWords } from '../kit/software.ts'
import { hashOf } from '../route.ts'
import { PeerActions } from './peer-actions.tsx'
import { PeerProcesses } from './peer-processes.tsx'
import { Protocols } from './protocols.tsx'

const LINK: Record<PeerInfo['link'], { text: string; dot: string }> = {
  direct: { text: 'direct', dot: 'ok' },
  relayed: { text: 'relayed', dot: 'warn' },
  none: { text: 'not connected', dot: 'none' },
}

const UNKNOWN = <span class="soft">–</span>

export interface PeerRowProps {
  model: TabModel
  peer: PeerInfo
  found: Signal<string | undefined>
}

/** One peer, and beneath it its processes once the person asked for them. */
export const PeerRow = memo(function PeerRow({ model, peer, found }: PeerRowProps) {
  const { peerId, link, address, latencyMs, agent, protocols, since, relay } = peer
  const isOpen = useSignal(false)
  const row = useRef<HTMLTableRowElement>(null)
  useSignalEffect(() => {
    if (found.value === peerId) row.current?.scrollIntoView({ block: 'center' })
  })
  const { text, dot } = LINK[link]
  const isBlocked = Object.hasOwn(model.people.value.blocked, peerId)
  return (
    <>
      <tr ref={row} data-peer={peerId} class={found.value === peerId ? 'found' : ''}>
        <td>
          <span class="peer-cell">
            <Identicon text={peerId} />
            <a href={hashOf('peers', peerId)}>
              <PeerName id={peerId} />
            </a>
            <CopyButton class="id-button" text={peerId} label={`Copy peer id ${peerId}`} />
          </span>
        </td>
        <td class="col-link">
          <span class="state">
            <span class={`dot ${dot}`} />
            <span>
              {text} {relay && <span class="tag">relay</span>} {isBlocked && <span class="tag">blocked</span>}
            </span>
          </span>
        </td>
        <td class="col-address">
          {address ? (
            <CopyButton class="id-button" text={address} label={`Copy address ${address}`}>
              <span class="mono soft">{address}</span>
            </CopyButton>
          ) : (
            UNKNOWN
          )}
        </td>
        <td class="num col-latency">{latencyMs === undefined ? UNKNOWN : formatMs(latencyMs)}</td>
        <td class="col-agent" title={softwareWords(agent)}>
          {softwareWords(agent) ?? UNKNOWN}
        </td>
        <td class="num col-protocols">
          {protocols.length > 0 ? <Protocols protocols={protocols} peerId={peerId} /> : UNKNOWN}
        </td>
        <td class="num col-since">{since === undefined ? UNKNOWN : <Age since={since} />}</td>
        <td class="actions">
          <PeerActions model={model} peer={peer} isOpen={isOpen} />
        </td>
      </tr>
      {isOpen.value && (
        <tr class="detail">
          <td colSpan={8}>
            <PeerProcesses model={model} peerId={peerId} onClose={() => (isOpen.value = false)} />
          </td>
        </tr>
      )}
    </>
  )
})

/** The age of something, kept up to date. */
function Age({ since }: { since: number }) {
  return <span title={`since ${formatWhole(since)}`}>{formatSpan(clock.value - since)}</span>
}
