const RELOADED = 'glia.isolated-by-reload'

/**
 * Hosts that send no headers do not isolate the page; the service worker does, for pages that it loads. So such a page is
 * loaded once more when the service worker controls it.
 * @returns true if the page is about to be reloaded: nothing else should be started.
 */
export async function reloadForIsolation(registered: Promise<ServiceWorkerRegistration | undefined>): Promise<boolean> {
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(RELOADED) !== null) {
    sessionStorage.removeItem(RELOADED)
    return false
  }
  if (!(await registered)) return false
  await controlled()
  sessionStorage.setItem(RELOADED, 'yes')
  location.reload()
  return true
}

async function controlled(): Promise<void> {
  const { serviceWorker } = navigator
  if (serviceWorker.controller) return
  await new Promise((changed) => serviceWorker.addEventListener('controllerchange', changed, { once: true }))
}
