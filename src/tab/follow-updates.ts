import type { ReadonlySignal } from '@preact/signals'
import type { RelayInfo } from '../mesh/presence/peer-info.ts'

/**
 * Looks for a newer version of the app when a relay is back that was gone, since it may have been updated meanwhile, and
 * when the network is back. The service worker that is found names every file of the app, so no other change is missed.
 * @param look Asks the server.
 */
export function followUpdates(
  relays: ReadonlySignal<readonly Pick<RelayInfo, 'address' | 'state'>[]>,
  look: () => void = lookForUpdate,
): void {
  const lost = new Map<string, boolean>()
  relays.subscribe((now) => {
    let isBack = false
    for (const { address, state } of now) {
      const isJoined = state === 'reserved' || state === 'refused'
      isBack ||= isJoined && lost.get(address) === true
      // A relay that was never joined is not back.
      if (isJoined || lost.has(address)) lost.set(address, !isJoined)
    }
    if (isBack) look()
  })
  globalThis.addEventListener?.('online', look)
}

function lookForUpdate(): void {
  if (!('serviceWorker' in navigator)) return
  // If the server does not answer, the next time will do.
  navigator.serviceWorker.ready.then((registration) => registration.update()).catch(() => undefined)
}
