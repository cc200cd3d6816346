import type { Upgrader } from '@libp2p/interface'
import type { Registrar, TransportManager } from '@libp2p/interface-internal'
import { type ReservationStore, reservationStoreOf } from '../patches/reservation-store.ts'

/** The parts of libp2p that it gives to its services. Glia uses them together. */
export interface Components {
  registrar: Registrar
  transportManager: TransportManager
  upgrader: Upgrader
  /** The store of reservations of the circuit relay transport; undefined without that transport. */
  reservations(): ReservationStore | undefined
}

type Given = Pick<Components, 'registrar' | 'transportManager' | 'upgrader'>

/**
 * A service whose only purpose is to get libp2p's parts: libp2p's public interface cannot listen at an address later
 * on.
 */
export function captureComponents(): { capture(components: Given): object; captured(): Components } {
  let given: Given | undefined
  return {
    capture(components) {
      given = components
      return {}
    },
    captured() {
      if (!given) throw new Error('libp2p has not made its services.')
      const { registrar, transportManager, upgrader } = given
      return { registrar, transportManager, upgrader, reservations: () => reservationStoreOf(transportManager) }
    },
  }
}
