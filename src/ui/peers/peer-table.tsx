import { type Signal, useSignal } from '@preact/signals'
import { useStaged } from '../kit/use-staged.ts'
import type { TabModel } from '../model.ts'
import { PeerRow } from './peer-row.tsx'
import { PEERS_PER_PAGE, peersShown } from './peer-window.ts'
import { counted } from '../../glia/counted.ts'

/** Rows that are rendered in one go. */
const ROWS_AT_ONCE = 20

/** Other peers, the connected ones first. Narrow screens drop columns, the least useful first. */
export function PeerTable({ model, found }: { model: TabModel; found: Signal<string | undefined> }) {
  const peers = model.peers.value
  const count = useSignal(PEERS_PER_PAGE)
  // More than the screen has are rendered after those that it has.
  const staged = useStaged(Math.min(count.value, peers.length), ROWS_AT_ONCE)
  const shown = peersShown(peers, staged, found.value)
  const relays = peers.filter(({ relay }) => relay).length
  const known = peers.filter(({ link, relay }) => link === 'none' && !relay).length
  // This peer is one of the mesh, and is not in the list.
  const more = model.meshSize.value - 1 - (peers.length - relays)
  const counts = [
    `${peers.length - relays - known} connected`,
    ...(known > 0 ? [`${known} known`] : []),
    ...(more > 0 ? [`${more} more in the mesh`] : []),
    ...(relays > 0 ? [counted(relays, 'relay')] : []),
  ]
  return (
    <section class="panel peers">
      <h2 id="peers-title">
        Peers <span class="soft count">{counts.join(', ')}</span>
      </h2>
      <table aria-labelledby="peers-title">
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col">Link</th>
            <th scope="col" class="col-address">
              Address
            </th>
            <th scope="col" class="num col-latency">
              Latency
            </th>
            <th scope="col" class="col-agent">
              Agent
            </th>
            <th scope="col" class="num col-protocols">
              Protocols
            </th>
            <th scope="col" class="num col-since">
              Connected for
            </th>
            <th scope="col">
              <span class="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((peer) => (
            <PeerRow key={peer.peerId} model={model} peer={peer} found={found} />
          ))}
        </tbody>
      </table>
      {staged >= count.value && shown.length < peers.length && (
        <p class="soft">
          {shown.length} of {peers.length} peers are shown.{' '}
          <button type="button" class="button" onClick={() => (count.value += PEERS_PER_PAGE)}>
            Show more
          </button>
        </p>
      )}
    </section>
  )
}
