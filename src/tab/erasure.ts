import { SHARE_CACHE } from '../calls/share-target.ts'
import { GliaError } from '../glia/errors.ts'

/** Tabs tell each other on this channel that everything is erased. */
const CHANNEL = 'glia-erased'
/** Ends of the names of the databases: processes, logs, calls. */
const DATABASES = ['', '-logs', '-calls']
/** Time that other tabs have to let the databases go, in ms. */
const BLOCKED_MS = 5000

/** Another tab of this browser erases everything: this one stops, and says so. */
export function whenErased(stop: () => Promise<void>, failed: (why: GliaError) => void): void {
  new BroadcastChannel(CHANNEL).addEventListener('message', () => {
    forgetPage()
    const why =
      'Another tab of this browser erased everything that was kept here. This tab has stopped; “Try again” begins anew.'
    void stop().finally(() => failed(new GliaError('ERR_PROC_STOPPED', why)))
  })
}

/**
 * Erases what this browser keeps for this page, and has its other tabs stop. The peer of this tab must be stopped.
 * @param storage Name of what is kept.
 * @throws {GliaError} ERR_STORAGE if a tab that does not answer holds on to it.
 */
export async function eraseAll(storage: string): Promise<void> {
  const others = new BroadcastChannel(CHANNEL)
  others.postMessage('erased')
  others.close()
  forgetPage()
  await Promise.all([caches.delete(SHARE_CACHE), ...DATABASES.map((end) => deleteDatabase(`${storage}${end}`))])
}

function deleteDatabase(name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const refuse = (why: string, cause?: unknown): void =>
    reject(new GliaError('ERR_STORAGE', `Not everything is erased: ${why}`, { cause }))
  const request = indexedDB.deleteDatabase(name)
  const late = setTimeout(
    () => refuse('another tab of this browser does not answer. It is erased when you close all other tabs of Glia.'),
    BLOCKED_MS,
  )
  request.addEventListener('success', () => resolve())
  request.addEventListener('error', () => refuse('the browser could not delete it. Try again.', request.error))
  return promise.finally(() => clearTimeout(late))
}

/** The settings of the page, and the slot of this tab. */
function forgetPage(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith('glia-')) localStorage.removeItem(key)
    sessionStorage.clear()
  } catch {
    // The browser keeps nothing for this page.
  }
}
