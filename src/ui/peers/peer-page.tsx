import { useEffect, useMemo } from 'preact/hooks'
import { isPeerId } from '../../glia/peer-id.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { peerWords } from '../kit/peer-names.ts'
import type { Page, ViewProps } from '../page.ts'
import type { TabModel } from '../model.ts'
import { hashOf } from '../route.ts'
import { ManagedPeers } from './managed-peer.ts'
import { ManagedProcesses } from './managed-processes.tsx'
import { LatencyLine } from './latency-line.tsx'
import { LivePeer } from './live-peer.ts'
import { ManagerSwitch } from './manager-switch.tsx'
import { NameForm, OwnNameForm } from './name-form.tsx'
import { ConnectionFacts } from './connection-facts.tsx'
import { PeerHead } from './peer-head.tsx'
import { PeerProcesses } from './peer-processes.tsx'
import { Streams } from './streams.tsx'

/** A peer on a page of its own: `#/peers/{peer id}`. */
export function PeerPage({ model, page, id }: ViewProps) {
  if (!isPeerId(id)) return <NoPeer id={id} />
  if (id === model.peerId.value) return <OwnPage model={model} />
  return <OtherPage key={id} model={model} page={page} id={id} />
}

function OtherPage({ model, page, id }: { model: TabModel; page: Page; id: string }) {
  page.useTitle(peerWords(id))
  const live = useMemo(() => new LivePeer(model, id), [])
  useEffect(() => live.follow(), [])
  const people = model.people.value
  const info = model.peers.value.find(({ peerId }) => peerId === id)
  const blockedSince = people.blocked[id]
  const detail = live.detail.value
  const isConnected = (detail?.connections.length ?? 0) > 0
  const managed = useMemo(() => page.kept(ManagedPeers).of(model, id), [])
  useEffect(() => (isConnected ? managed.follow() : undefined), [isConnected])
  const processes = blockedSince === undefined ? managed.processes.value : undefined
  return (
    <>
      <section class="panel">
        <PeerHead model={model} id={id} info={info} live={live} blockedSince={blockedSince} />
      </section>
      <div class="peer-columns">
        {processes ? (
          <ManagedProcesses model={model} page={page} managed={managed} processes={processes} />
        ) : (
          <section class="panel" aria-labelledby="peer-processes-title">
            <h2 id="peer-processes-title">Processes</h2>
            <div class="field">
              {blockedSince === undefined ? (
                <PeerProcesses model={model} peerId={id} asksRoot={false} asksList={isConnected} showsCalled />
              ) : (
                <p class="soft">This peer is blocked: it cannot be asked or called, and it cannot call.</p>
              )}
            </div>
          </section>
        )}
        <div class="peer-side">
          <section class="panel" aria-label="Name">
            <div class="field">
              <NameForm
                of={id}
                label="Your name for this peer"
                hint="Only this browser knows it. It is shown in bold, in place of the name that the peer announces."
                name={people.names[id] ?? ''}
                onName={(name) => model.setPeerName(id, name)}
              />
            </div>
            <ManagerSwitch model={model} id={id} />
          </section>
          <section class="panel" aria-labelledby="peer-way-title">
            <h2 id="peer-way-title">Connection</h2>
            <div class="field">
              {isConnected && <LatencyLine samples={live.samples.value} />}
              <ErrorLine error={live.error.value} />
              <ConnectionFacts info={info} detail={detail} />
            </div>
          </section>
          {detail && isConnected && <Streams connections={detail.connections} />}
        </div>
      </div>
    </>
  )
}

function OwnPage({ model }: { model: TabModel }) {
  return (
    <section class="panel own-peer">
      <div class="field">
        <p>This is the peer of this tab.</p>
        <OwnNameForm model={model} />
        <a href={hashOf('peers')}>Show the other peers</a>
      </div>
    </section>
  )
}

function NoPeer({ id }: { id: string }) {
  return (
    <section class="panel hint">
      <p>
        <span class="mono wrap">{id.slice(0, 200)}</span> is not a peer id. The link may have been cut off.
      </p>
      <a href={hashOf('peers')}>Show the peers</a>
    </section>
  )
}
