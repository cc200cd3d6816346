import type { Libp2p } from '@libp2p/interface'
import { reservationsOf } from '../relay/relay.ts'

/**
 * Drops a tab's reservation when its connection goes. By itself the relay keeps it for its whole time: the tab cannot be reached through it
 * any more, and its place stays taken.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: libp2p/js-libp2p#2833, open; go-libp2p does it since libp2p/go-libp2p#2974.
 */
export function dropReservationsOfTheGone(libp2p: Libp2p): void {
  libp2p.addEventListener('peer:disconnect', ({ detail: peer }) => {
    // Its signal takes it out of the store, and with it the timer that would hit the reservation of a tab that came back.
    reservationsOf(libp2p).get(peer)?.signal.reset(0)
  })
}
