import { ConnectBox } from './connect-box.tsx'
import type { ViewProps } from '../page.ts'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { NoPeers } from './no-peers.tsx'
import { PeerTable } from './peer-table.tsx'
import { PeersState } from './peers-state.ts'
import { RelayList } from './relay-list.tsx'

/** The mesh around this peer: who is there, how they are reached, and the relays of this peer. */
export function PeersView({ model, page }: ViewProps) {
  const state = page.kept(PeersState)
  return (
    <>
      <ConnectBox model={model} state={state} />
      {model.peers.value.every(({ relay }) => relay) && <NoPeers model={model} joinShown={page.joinShown} />}
      {model.peers.value.length > 0 && <PeerTable model={model} found={state.found} />}
      <RelayList relays={model.relays.value} onSettings={() => goTo(hashOf('settings'))} />
    </>
  )
}
