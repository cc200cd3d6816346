import { holdForPeer } from '../calls/life-lock.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { consoleLogger } from '../glia/log.ts'
import { cleanName } from '../glia/peer-name.ts'
import { nextTask } from '../glia/wait/next-task.ts'
import { type Peer, startPeer } from './peer.ts'
import { createScripting } from './script-api.ts'
import type { EverythingSource } from '../ui/model.ts'
import type { GliaPeer, PeerOptions } from './peer-options.ts'
import { PageLink } from './page-link.ts'
import { registerServiceWorker, ServiceBridge } from './service-bridge.ts'
import { Siblings } from './siblings.ts'

/** What Glia's own page does with a peer besides scripting. */
export interface PeerView {
  /** Before anything is started: throws where no peer may run, never resolves if the page is about to go. */
  prepare(register: () => Promise<ServiceWorkerRegistration | undefined>): Promise<void>
  started(peer: Peer): void
  /** Something that is shown has changed. */
  changed(): void
  /** The HTTP API works, or this is why it does not. */
  served(failure: GliaError | undefined): void
  /** A new version of the service worker is in control. */
  updated(): void
  /** What this browser keeps, as one thing. */
  everything(): Promise<EverythingSource>
}

/** The URLs of the files that a peer needs, which the package knows by itself. */
export type PeerFiles = Record<'workerScript' | 'rootModule', string | URL>

/**
 * Runs a peer in this page. It returns at once: calls wait until the peer has started, and `ready` says why it has not.
 * @param view What Glia's own page does besides. Only its URL is read as a join link.
 */
export function createPeer(options: Omit<PeerOptions, keyof PeerFiles> & PeerFiles, view?: PeerView): GliaPeer {
  const { log = consoleLogger('glia'), storage = 'glia', server, relays = [], tier, signal } = options
  const life = new AbortController()
  const alive = life.signal
  const siblings = new Siblings()
  const link = view && new PageLink(alive)
  let bridge: ServiceBridge | undefined
  const { serviceWorker } = options
  let registered: ReturnType<typeof registerServiceWorker> | undefined
  const register = (): ReturnType<typeof registerServiceWorker> =>
    (registered ??=
      serviceWorker === undefined
        ? Promise.resolve(undefined)
        : registerServiceWorker(absolute(serviceWorker)).catch((thrown: unknown) => {
            log.warn('no service worker:', thrown)
            return undefined
          }))

  /** The way to another tab of this browser; undefined if none runs the peer. */
  const bridgeTo = async (peerId: string, isConnected: boolean): Promise<ServiceBridge | undefined> =>
    bridge && (await siblings.has(peerId, isConnected)) ? bridge : undefined

  const boot = async (): Promise<Peer> => {
    if (!isSecureContext) throw insecure()
    await view?.prepare(register)
    void register()
    alive.throwIfAborted()
    const started = await startPeer({
      log,
      storage,
      alive,
      tier: tier ?? null,
      workerScript: absolute(options.workerScript),
      rootModule: absolute(options.rootModule),
      home: server === undefined ? undefined : absolute(server),
      relays,
      ownName: options.name === undefined ? undefined : cleanName(options.name),
      link,
      records: view !== undefined,
      openSibling: async (address, how, isConnected) =>
        (await bridgeTo(address.host, isConnected))?.openTab(address, how),
      rootOfSibling: async (peerId, asking) => (await bridgeTo(peerId, false))?.rootOfTab(peerId, asking),
      listingOfSibling: async (peerId, asking) => (await bridgeTo(peerId, false))?.listingOfTab(peerId, asking),
      changed: () => view?.changed(),
    })
    holdForPeer(started.peerId, alive)
    view?.started(started)
    // The page shows it before calls begin.
    await nextTask()
    return started
  }

  /** Local calls work without a service worker. The HTTP API and calls to other tabs do not. */
  const connect = async ({ peerId, slot, http }: Peer): Promise<void> => {
    if (serviceWorker === undefined) {
      throw new GliaError('ERR_NO_TAB', 'This peer was given no service worker, so fetch cannot reach its processes.')
    }
    try {
      if (!(await register())) throw noServiceWorker()
      bridge = new ServiceBridge({ peerId, slot, api: http, alive, onUpdate: () => view?.updated() })
      await bridge.start()
      view?.served(undefined)
    } catch (thrown) {
      log.warn('the HTTP API does not work:', thrown)
      view?.served(toGliaError(thrown))
      throw thrown
    }
  }

  const peer = boot()
  const served = peer.then(connect)
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    life.abort(new GliaError('ERR_ABORTED', 'This peer was stopped.'))
    await (await peer.catch(() => undefined))?.stop()
  }
  const stopOnce = (): Promise<void> => (stopped ??= stop())
  signal?.addEventListener('abort', () => void stopOnce(), { once: true })
  if (signal?.aborted) void stopOnce()
  return Object.assign(
    createScripting({
      boot: peer,
      served,
      alive,
      client: () => bridge?.client ?? 'page',
      everything: view?.everything,
    }),
    {
      stop: stopOnce,
    },
  )
}

function absolute(url: string | URL): string {
  return new URL(url, document.baseURI).href
}

function noServiceWorker(): GliaError {
  return new GliaError(
    'ERR_NO_TAB',
    'This window has no service worker (a private window, a page without HTTPS, or its script did not load), so fetch cannot reach the processes.',
  )
}

/**
 * The error of a page from http:// (localhost aside): browsers give such pages no keys, no locks and no service worker.
 */
function insecure(): GliaError {
  return new GliaError(
    'ERR_DENIED',
    `Browsers run a peer only on pages from https:// or from this machine (http://localhost), and this one came from ${location.origin}. ` +
      'Put HTTPS in front of the server: src/node/README.md shows how, under “Run your own relay”. On the machine that it runs on, open http://localhost and its port.',
  )
}
