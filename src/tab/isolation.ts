import type { ToService } from '../calls/protocol.ts'

/**
 * State of a history entry that was reloaded, so that a page is reloaded once. Not in sessionStorage: an isolated page
 * has another process, and the process of the page before keeps its old copy after a forced reload (Chromium 156).
 */
const RELOADED = 'glia.isolated-by-reload'
/** Time that a service worker has to take over, in ms. One whose installation failed never takes over. */
const CONTROL_MS = 10_000

/**
 * Hosts that send no headers do not isolate the page. The service worker does, for pages that it loads. So such a page
 * is loaded once more when the service worker controls it.
 * @returns true if the page is about to be reloaded: nothing else should be started.
 */
export async function reloadForIsolation(registered: Promise<ServiceWorkerRegistration | undefined>): Promise<boolean> {
  const isReloaded = history.state === RELOADED
  if (isReloaded) history.replaceState(null, '')
  if (globalThis.crossOriginIsolated || isReloaded) return false
  const registration = await registered
  if (!registration || !(await controlled(registration))) return false
  history.replaceState(RELOADED, '')
  location.reload()
  return true
}

async function controlled({ active }: ServiceWorkerRegistration): Promise<boolean> {
  const { serviceWorker } = navigator
  if (serviceWorker.controller) return true
  const controls = Promise.withResolvers<boolean>()
  serviceWorker.addEventListener('controllerchange', () => controls.resolve(true), { once: true })
  setTimeout(() => controls.resolve(false), CONTROL_MS)
  // After a forced reload a page is not controlled unless it asks.
  active?.postMessage({ type: 'glia:claim' } satisfies ToService)
  return controls.promise
}
