/**
 * The service worker. It answers the HTTP API by forwarding requests to the tab that runs the peer, and serves the
 * app's files, also offline. It keeps no truth: it may be stopped at any time, and the next one asks the tabs again.
 * The README of this folder has the reasons.
 */
import { GliaError } from '../../src/glia/errors.ts'
import { isApiPath } from '../../src/glia/http/api-paths.ts'
import { refuse } from '../../src/glia/http/refuse.ts'
import { DeathWatch, holdForLife } from '../../src/calls/life-lock.ts'
import { newLifeLock, readToService } from '../../src/calls/protocol.ts'
import { SHARE_PATH } from '../../src/calls/share-target.ts'
import { AppCache } from './cache.ts'
import { forward } from './forward.ts'
import { refusal } from './guard.ts'
import { keepShared } from './share.ts'
import { passCall, Tabs } from './tabs.ts'

declare const self: ServiceWorkerGlobalScope

const base = new URL('.', self.location.href)
const lock = newLifeLock()
const held = holdForLife(lock)
const deaths = new DeathWatch()
const tabs = new Tabs(deaths)
const cache = new AppCache(base)

self.addEventListener('install', (event) => event.waitUntil(Promise.all([cache.install(event), self.skipWaiting()])))
self.addEventListener('activate', (event) => {
  event.waitUntil(cache.activate(event))
  claim()
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return
  const path = url.pathname.slice(base.pathname.length - 1)
  const { mode, method, destination } = event.request
  if (path === SHARE_PATH && mode === 'navigate' && method === 'POST' && destination === 'document') {
    // A form on any site can send this too. The page only shows it, and does nothing with it until the person says so.
    event.respondWith(keepShared(event.request, base))
  } else if (mode === 'navigate' && method !== 'GET') {
    // A form on any site can send a request here.
    event.respondWith(refuse(new GliaError('ERR_DENIED', 'A page of Glia cannot be opened by sending a form to it.')))
  } else if (isApiPath(path)) {
    const refused = refusal(event)
    event.respondWith(
      refused ? refuse(refused) : held.then(() => forward(event, path + url.search, { tabs, lock, deaths })),
    )
  } else if (method === 'GET') {
    event.respondWith(cache.serve(event.request))
  }
})

self.addEventListener('message', (event) => {
  const message = readToService(event.data)
  if (message?.type === 'glia:claim') claim()
  else if (message?.type === 'glia:hello' && event.source instanceof Client) tabs.hello(event.source, message)
  else if (message?.type === 'glia:pass') {
    const [port] = event.ports
    if (port) event.waitUntil(pass(message.peer, message.call, port))
  }
})

/**
 * Takes over the open pages. Nothing waits for it: Firefox 153 also asks their workers, and an actor that sleeps in its
 * ring never answers. An activation that waited would hang, and every fetch with it.
 */
function claim(): void {
  void self.clients.claim()
}

/** Passes a call from one tab to another. From here on the two talk over the port alone. */
async function pass(peer: string, call: Parameters<typeof passCall>[1], port: MessagePort): Promise<void> {
  const tab = await tabs.ofPeer(peer)
  if (tab) passCall(tab, call, port)
  else port.postMessage({ type: 'no-tab' })
}
