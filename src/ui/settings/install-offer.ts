import { type ReadonlySignal, signal } from '@preact/signals'

/** What Chromium offers. Other browsers install a page from a menu of their own, or not at all. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>
}

const offered = signal<InstallOffer | undefined>(undefined)

/** The browser's offer to install the app; undefined if it makes none. */
export const installOffer: ReadonlySignal<InstallOffer | undefined> = offered

// The browser makes it once, soon after the page was loaded.
addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault()
  offered.value = event as InstallOffer
})
addEventListener('appinstalled', () => (offered.value = undefined))

/** Lets the browser ask the person. An offer can be used once. */
export async function install(): Promise<void> {
  const offer = offered.peek()
  offered.value = undefined
  await offer?.prompt()
}
