/**
 * The tab's composition root: wires the parts together, in the order a message flows through them. Start reading here.
 *
 *   service worker ── ServiceBridge ── HttpApi ─┐
 *   the page's scripts (globalThis.glia) ─────┼── Router ── ProcessTable ── Proc ── actor worker
 *   the console in the page ──────────────────┤                 │
 *   another peer ── MeshNode ─────────────────┘                 └─ another peer: a tab of this browser, or over the mesh
 */
import { render } from 'preact'
import { GliaError } from './glia/errors.ts'
import { consoleLogger } from './glia/log.ts'
import { bundledUrl, listBundled } from './tab/bundled.ts'
import { createPeer } from './tab/create-peer.ts'
import { reloadForIsolation } from './tab/isolation.ts'
import type { Peer } from './tab/peer.ts'
import { LiveTabModel } from './tab/tab-model.ts'
import { Wait } from './glia/wait/wait.ts'
import { App } from './ui/app.tsx'
import { loadEarlyViews } from './ui/kit/deferred.tsx'

// Every first view is in it. Asked for first, it is there before the larger code of the mesh. A view that is shown without it
// asks again, and says if that fails.
import('./ui/later-views.ts').catch(() => undefined)

/** Longest time that a picture of the page may stand for it. */
const PICTURE_MS = 3_000

const log = consoleLogger('glia')
const model = new LiveTabModel(() => peer.stop())

const peer = createPeer(
  {
    log,
    server: document.baseURI,
    workerScript: 'actor.js',
    serviceWorker: 'sw.js',
    rootModule: bundledUrl('root.wasm'),
    tier: new URLSearchParams(location.search).get('io'),
  },
  {
    prepare,
    started,
    changed: model.changed,
    served: model.served,
    updated: () => (model.updateReady.value = true),
    everything: model.everything,
  },
)
globalThis.glia = peer
peer.ready.catch((thrown: unknown) => model.failed(thrown))
// A page that comes back from the back/forward cache has lost its locks: another tab may have its identity by now.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app.')
void show(root)

/**
 * The built page has the picture of a first visit in it. It stands until all that it shows can be used. If the code for
 * that is late, the page says so itself.
 */
async function show(place: HTMLElement): Promise<void> {
  if (place.firstChild) await Promise.race([loadEarlyViews(), new Wait().for(PICTURE_MS)])
  place.inert = false
  render(<App model={model} />, place)
}

async function prepare(register: () => Promise<ServiceWorkerRegistration | undefined>): Promise<void> {
  if (window.top !== window)
    throw new GliaError('ERR_DENIED', 'Glia does not run in a frame: open it in a tab of its own.')
  if (await reloadForIsolation(register())) await new Promise<never>(() => undefined)
}

function started(parts: Peer): void {
  model.started(parts)
  listBundled().then(
    (bundled) => (model.bundled.value = bundled.filter(({ name }) => name !== 'root')),
    (thrown: unknown) => log.warn('the bundled actors could not be listed:', thrown),
  )
}
