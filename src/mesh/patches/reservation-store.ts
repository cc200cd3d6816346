import type { PeerId } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'

/**
 * The circuit relay transport's own store of reservations. By its public face a reservation can be asked for once, by listening: it says
 * neither when the reservation ends nor how to ask again after the relay was gone.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: libp2p/js-libp2p#3601, open.
 */
export interface ReservationStore {
  /** Relays that the store asks no more, because one attempt failed in a way that it takes for final. */
  relayFilter?: { has(relay: Uint8Array): boolean; add(relay: Uint8Array): void }
  addRelay(relay: PeerId, type: 'configured'): Promise<unknown>
  getReservation(relay: PeerId): { expire: bigint } | undefined
}

/** Undefined without the circuit relay transport. */
export function reservationStoreOf(transportManager: TransportManager): ReservationStore | undefined {
  const relay = transportManager.getTransports().find((transport) => 'reservationStore' in transport)
  const store = relay && (relay as unknown as { reservationStore: ReservationStore }).reservationStore
  // A relay that was restarted as something else for a minute, or that could not be dialled once, is asked again.
  if (store?.relayFilter) store.relayFilter = { has: () => false, add: () => undefined }
  return store
}
