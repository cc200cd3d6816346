import type { Signal } from '@preact/signals'
import { ConnectBox } from './connect-box.tsx'
import type { TabModel } from '../model.ts'
import { NoPeers } from './no-peers.tsx'
import { PeerTable } from './peer-table.tsx'
import type { PeersState } from './peers-state.ts'
import { RelayList } from './relay-list.tsx'

export interface PeersViewProps {
  model: TabModel
  state: PeersState
  /** True while the join link is shown as a QR code. */
  joinShown: Signal<boolean>
  onSettings: () => void
}

/** The mesh around this peer: who is there, how they are reached, and the relays of this peer. */
export function PeersView({ model, state, joinShown, onSettings }: PeersViewProps) {
  return (
    <>
      <ConnectBox model={model} state={state} />
      {model.peers.value.every(({ relay }) => relay) && <NoPeers model={model} joinShown={joinShown} />}
      {model.peers.value.length > 0 && <PeerTable model={model} found={state.found} />}
      <RelayList relays={model.relays.value} onSettings={onSettings} />
    </>
  )
}
