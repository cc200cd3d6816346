import { ConnectBox } from './connect-box.tsx'
import type { ViewProps } from '../page.ts'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { NoPeers } from './no-peers.tsx'
import { OwnNameForm } from './name-form.tsx'
import { PeerPage } from './peer-page.tsx'
import { PeerTable } from './peer-table.tsx'
import { PeersState } from './peers-state.ts'
import { RelayList } from './relay-list.tsx'

/** One peer, or the mesh around this one: who is there, how they are reached, and the relays of this peer. */
export function PeersView(props: ViewProps) {
  return props.id === '' ? <AllPeers {...props} /> : <PeerPage {...props} />
}

function AllPeers({ model, page }: ViewProps) {
  const state = page.kept(PeersState)
  return (
    <>
      <div class="peers-top">
        <section class="panel" aria-label="This peer">
          <div class="field">
            <OwnNameForm model={model} />
          </div>
        </section>
        <ConnectBox model={model} state={state} />
      </div>
      {model.peers.value.every(({ relay }) => relay) && <NoPeers model={model} joinShown={page.joinShown} />}
      {model.peers.value.length > 0 && <PeerTable model={model} found={state.found} />}
      <RelayList relays={model.relays.value} onSettings={() => goTo(hashOf('settings'))} />
    </>
  )
}
