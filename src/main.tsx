/**
 * The tab's composition root: wires the parts together, in the order a message flows through them. Start reading here.
 *
 *   service worker ── ServiceBridge ── HttpApi ─┐
 *   the page's scripts (globalThis.glia) ─────┼── Router ── ProcessTable ── Proc ── actor worker
 *   the console in the page ──────────────────┤                 │
 *   another peer ── MeshNode ─────────────────┘                 └─ another peer: a tab of this browser, or over the mesh
 */
import { render } from 'preact'
import { holdForPeer } from './calls/life-lock.ts'
import { GliaError } from './glia/errors.ts'
import { consoleLogger } from './glia/log.ts'
import { listBundled } from './tab/bundled.ts'
import { openedFiles } from './tab/file-handler.ts'
import { reloadForIsolation } from './tab/isolation.ts'
import { type Peer, startPeer } from './tab/peer.ts'
import { createScripting } from './tab/script-api.ts'
import { Siblings } from './tab/siblings.ts'
import { registerServiceWorker, ServiceBridge } from './tab/service-bridge.ts'
import { LiveTabModel } from './tab/tab-model.ts'
import { App } from './ui/app.tsx'

const log = consoleLogger('glia')
const model = new LiveTabModel()
const siblings = new Siblings()
let bridge: ServiceBridge | undefined
let registered: Promise<ServiceWorkerRegistration | undefined> = Promise.resolve(undefined)

const peer = boot()
const ready = peer.then(connectServiceWorker)
globalThis.glia = createScripting(peer, ready, () => bridge?.client ?? 'page')
ready.catch((thrown: unknown) => model.failed(thrown))
// A page that comes back from the back/forward cache has lost its locks: its identity may be another tab's by now.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app.')
render(<App model={model} />, root)
openedFiles(
  (file) => (model.opened.value = [...model.opened.value, file]),
  (thrown) => log.warn('a file could not be opened:', thrown),
)

async function boot(): Promise<Peer> {
  if (window.top !== window)
    throw new GliaError('ERR_DENIED', 'Glia does not run in a frame: open it in a tab of its own.')
  if (!isSecureContext) throw insecure()
  registered = registerServiceWorker().catch((thrown: unknown) => {
    log.warn('no service worker:', thrown)
    return undefined
  })
  if (await reloadForIsolation(registered)) return new Promise<never>(() => undefined)
  const started = await startPeer({
    log,
    tier: new URLSearchParams(location.search).get('io'),
    openSibling: async (address, options, isConnected) =>
      (await bridgeTo(address.host, isConnected))?.openTab(address, options),
    rootOfSibling: async (peerId, signal) => (await bridgeTo(peerId, false))?.rootOfTab(peerId, signal),
    listingOfSibling: async (peerId, signal) => (await bridgeTo(peerId, false))?.listingOfTab(peerId, signal),
    changed: model.changed,
  })
  holdForPeer(started.peerId)
  model.started(started)
  listBundled().then(
    (bundled) => (model.bundled.value = bundled.filter(({ name }) => name !== 'root')),
    (thrown: unknown) => log.warn('the bundled actors could not be listed:', thrown),
  )
  return started
}

/** A page from http://, but for this machine's own, gets no keys, no locks and no service worker from its browser. */
function insecure(): GliaError {
  return new GliaError(
    'ERR_DENIED',
    `Browsers run a peer only on pages from https:// or from this machine (http://localhost), and this one came from ${location.origin}. ` +
      'Put HTTPS in front of the server: src/node/README.md shows how, under “Run your own relay”. On the machine that it runs on, open http://localhost and its port.',
  )
}

/** The way to another tab of this browser; undefined if none runs the peer. */
async function bridgeTo(peerId: string, isConnected: boolean): Promise<ServiceBridge | undefined> {
  return bridge && (await siblings.has(peerId, isConnected)) ? bridge : undefined
}

/** Local calls work without it; the HTTP API and the other tabs do not. */
async function connectServiceWorker({ peerId, slot, http }: Peer): Promise<void> {
  if (!(await registered)) {
    model.http.value = {
      level: 'warn',
      text: 'No HTTP API',
      detail:
        'This window has no service worker (a private window, a page without HTTPS, or its script did not load), so fetch cannot reach the processes.',
    }
    return
  }
  bridge = new ServiceBridge({ peerId, slot, api: http, onUpdate: () => (model.updateReady.value = true) })
  try {
    await bridge.start()
    model.http.value = {
      level: 'ok',
      text: 'HTTP API',
      detail: 'Pages of this origin can call the processes here with fetch.',
    }
  } catch (thrown) {
    log.warn('the HTTP API does not work:', thrown)
    model.http.value = {
      level: 'warn',
      text: 'No HTTP API',
      detail: `${thrown instanceof Error ? thrown.message : String(thrown)} Calls from this page work all the same.`,
    }
  }
}
