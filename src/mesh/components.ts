import type { PeerId } from '@libp2p/interface'
import type { AddressManager, Registrar, TransportManager } from '@libp2p/interface-internal'
import type { ComponentLogger } from '@libp2p/interface'
import type { ReservationStore } from './relays.ts'

/** The parts of libp2p that it gives to its services, and that Glia uses as one. */
export interface Components {
  registrar: Registrar
  transportManager: TransportManager
  /** What the circuit relay transport keeps its reservations in; undefined without that transport. */
  reservations(): ReservationStore | undefined
  all: { peerId: PeerId; addressManager: AddressManager; logger: ComponentLogger }
}

type Given = Pick<Components, 'registrar' | 'transportManager'> & Components['all']

/** A service that is only there to be given libp2p's parts: its public face has no listening at an address later on. */
export function captureComponents(): { capture(components: Given): object; captured(): Components } {
  let given: Given | undefined
  return {
    capture(components) {
      given = components
      return {}
    },
    captured() {
      if (!given) throw new Error('libp2p has not made its services.')
      const { registrar, transportManager, peerId, addressManager, logger } = given
      const reservations = (): ReservationStore | undefined => {
        const relay = transportManager.getTransports().find((transport) => 'reservationStore' in transport)
        return relay && (relay as unknown as { reservationStore: ReservationStore }).reservationStore
      }
      return { registrar, transportManager, reservations, all: { peerId, addressManager, logger } }
    },
  }
}
