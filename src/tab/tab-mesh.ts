import type { MeshSettings, SlotIdentity } from '../actors/table/schema.ts'
import type { Store } from '../actors/table/store.ts'
import { GliaError } from '../glia/errors.ts'
import type { IceServersInUse, LinkTarget, SharedLink } from '../ui/model.ts'
import type { Logger } from '../glia/log.ts'
import type { Invitation, Link } from '../mesh/relays/link.ts'
import type { MeshInit, MeshNode } from '../mesh/node.ts'
import type { LinkFollower } from './link-follower.ts'
import { nextTask } from '../glia/wait/next-task.ts'
import type { PageLink } from './page-link.ts'
import type { People } from './people.ts'
import {
  checkSettings,
  chooseIceServers,
  chooseRelays,
  compareWithOwn,
  fetchOriginConfig,
  type OriginConfig,
  ownRelays,
} from './mesh-config.ts'

/** libp2p's chunk. It is fetched from the first moment on, beside everything else. */
export type MeshModule = Promise<typeof import('../mesh/index.ts')>

export interface TabMeshInit extends Pick<
  MeshInit,
  'log' | 'serveStream' | 'isServed' | 'root' | 'listedTo' | 'traced' | 'tellable' | 'watched'
> {
  module: MeshModule
  identity: SlotIdentity
  store: Store | undefined
  people: People
  /** URL of the app of a Glia server, which names relays; undefined: none does. */
  home: string | undefined
  /** Relays to be joined besides those that the person, the server and a join link name. */
  relays: readonly string[]
  /** What this peer calls itself. Left out: the name that the person gave to this browser. */
  ownName?: string | undefined
  /** The page's own link. Left out: the page's URL is not read. */
  link?: PageLink | undefined
  /** Resolves when the kept processes are back. Nobody can call this peer before. */
  restored: Promise<void>
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
  changed(): void
}

/** How often the origin is asked for its relays while no relay can be joined, in ms. */
const ASK_AGAIN_MS = 15_000

const NO_SETTINGS: MeshSettings = { relays: [], iceServers: [] }

/** The browser's text for a script that failed to load names a file that only we know. */
function startFailure(thrown: unknown): GliaError {
  if (thrown instanceof GliaError) return thrown
  const message = 'The part of this page that joins the mesh could not be loaded or started. Reload the page.'
  return new GliaError('ERR_START', message, { cause: thrown })
}

/** This tab on the mesh. It starts the node, tells it which relays to use, and brings it back when the tab was away. */
export class TabMesh {
  readonly #init: TabMeshInit
  readonly #log: Logger
  /** Rejects if libp2p cannot be started here. */
  readonly started: Promise<MeshNode>
  node: MeshNode | undefined
  /** Why the node did not start; undefined if it did. */
  failure: GliaError | undefined
  settings: MeshSettings = NO_SETTINGS
  #module: Awaited<MeshModule> | undefined
  #origin: OriginConfig | undefined
  #invitation: Invitation | undefined
  #originAsked: Promise<unknown> = Promise.resolve()
  /** Follows the page's own link; undefined while the page has had none. */
  follower: LinkFollower | undefined
  #following: Promise<LinkFollower> | undefined
  #later: Awaited<ReturnType<Awaited<MeshModule>['loadLater']>> | undefined
  #isJoined = false

  constructor(init: TabMeshInit) {
    this.#init = init
    this.#log = init.log
    init.people.changed = init.changed
    this.started = this.#start()
    this.started
      .then(
        (node) => (this.node = node),
        (thrown: unknown) => {
          this.failure = startFailure(thrown)
          this.#log.warn('the libp2p node did not start:', thrown)
        },
      )
      .finally(init.changed)
      .catch(() => undefined)
  }

  /** A link to this app with which others reach this peer; undefined while there is none. */
  joinLink(target?: LinkTarget): string | undefined {
    return this.node && this.#module?.formatLink(this.#init.home ?? document.baseURI, this.node.addrs(), target)
  }

  /** The same, and who can open it. */
  linkTo(target: LinkTarget): SharedLink | undefined {
    const href = this.joinLink(target)
    return href === undefined || !this.#later ? undefined : { href, scope: this.#later.scopeOfLink(href) }
  }

  /** Address of the gateway of this origin, with a slash at its end. */
  get gateway(): string | undefined {
    const { home } = this.#init
    return this.#origin?.gateway && home !== undefined ? `${new URL(home).origin}/` : undefined
  }

  /** STUN and TURN servers for new connections. */
  get iceServers(): IceServersInUse {
    return chooseIceServers(this.settings.iceServers, this.#origin?.iceServers ?? [], location.hostname)
  }

  /** Connects to a multiaddr, a peer id, or the peer of a join link. Resolves to the peer id. */
  async connect(text: string, signal?: AbortSignal): Promise<string> {
    const target = text.trim()
    const [mesh, node] = await Promise.all([this.#init.module, this.started])
    const link = target.includes('=') ? (await mesh.loadLater()).parseLink(target) : undefined
    return link ? this.#accept(link, node, signal) : node.connect(target, signal)
  }

  /** Checks, keeps and uses the settings. @throws {GliaError} ERR_BAD_ADDRESS that names the wrong line. */
  async saveSettings(given: MeshSettings): Promise<void> {
    const { readMultiaddr } = await this.#init.module
    const settings = checkSettings(given, readMultiaddr)
    await this.#init.store?.putMeshSettings(settings)
    this.settings = settings
    this.#useRelays(await this.started)
    this.#init.changed()
  }

  async #start(): Promise<MeshNode> {
    const { module, store, people, ownName, home, restored, alive, link } = this.#init
    const asked = fetchOriginConfig(home)
    const [mesh, settings] = await Promise.all([module, store?.meshSettings(), people.load()])
    // A task of its own for the code of the mesh, and one for the first dials: on a phone either takes 50 ms and more.
    await nextTask()
    this.#module = mesh
    this.settings = settings ?? NO_SETTINGS
    // Local calls come first: libp2p starts in a pause of the page's own start, or after it.
    await Promise.race([restored, untilIdle()])
    const platform = mesh.browserPlatform({ iceServers: () => this.iceServers.servers })
    const node = await mesh.MeshNode.create({
      ...this.#init,
      name: () => ownName ?? people.view.peek().ownName,
      isBlocked: people.isBlocked,
      platform,
      changed: () => this.#changed(),
    })
    people.changed = () => node.peopleChanged()
    try {
      await restored
      await nextTask()
      alive.throwIfAborted()
    } catch (thrown) {
      await node.stop()
      throw thrown
    }
    this.#originAsked = asked.then((config) => this.#useOrigin(config, node))
    if (link) {
      link.given = () => void this.#followLink(link, node)
      link.given()
    }
    this.#useRelays(node)
    const asking = setInterval(() => void this.#askOriginAgain(node), ASK_AGAIN_MS)
    alive.addEventListener('abort', () => clearInterval(asking), { once: true })
    this.#followLife(node)
    // If it cannot be loaded now, it is loaded when it is needed.
    void mesh.loadLater().then(
      (later) => (this.#later = later),
      () => undefined,
    )
    return node
  }

  /** Lets go of all peers, once `alive` has aborted. */
  async stop(): Promise<void> {
    this.follower?.stop()
    await (await this.started.catch(() => undefined))?.stop()
  }

  #useOrigin(config: OriginConfig | undefined, node: MeshNode): void {
    if (!config || this.#init.alive.aborted) return
    this.#origin = config
    this.#useRelays(node)
    this.#init.changed()
  }

  /** The origin could not be asked before, or its relay is gone. It may name another relay by now. */
  async #askOriginAgain(node: MeshNode): Promise<void> {
    const isAlone = !node.relays().some(({ state }) => state === 'reserved')
    if (!this.#origin || (isAlone && this.#origin.relays.length > 0))
      this.#useOrigin(await fetchOriginConfig(this.#init.home), node)
  }

  get #ownRelays(): string[] {
    return ownRelays([...this.settings.relays, ...this.#init.relays], this.#origin?.relays ?? [])
  }

  #useRelays(node: MeshNode): void {
    node.useRelays(chooseRelays(this.#ownRelays, this.#invitation?.relays ?? []))
  }

  /** Joins the mesh of the page's own link. The code for that is loaded with the first link. */
  async #followLink(page: PageLink, node: MeshNode): Promise<void> {
    if (page.hash === '' && !this.#following) return
    this.#following ??= this.#makeFollower(page, node)
    try {
      this.follower = await this.#following
      await this.follower.follow()
    } catch (thrown) {
      this.#following = undefined
      this.#log.warn('the link of the page could not be read:', thrown)
    }
  }

  async #makeFollower(page: PageLink, node: MeshNode): Promise<LinkFollower> {
    const [{ LinkFollower }, mesh] = await Promise.all([import('./later.ts'), this.#init.module])
    return new LinkFollower({
      page,
      self: node.peerId,
      later: mesh.loadLater,
      originAsked: this.#originAsked,
      strangers: ({ invitation }) => compareWithOwn(invitation, this.#ownRelays).strangers,
      accept: (link, signal) => this.#accept(link, node, signal),
      changed: () => this.#init.changed(),
    })
  }

  #changed(): void {
    const isJoined = this.node?.relays().some(({ state }) => state === 'reserved') ?? false
    if (isJoined && !this.#isJoined) this.follower?.hurry()
    this.#isJoined = isJoined
    this.#init.changed()
  }

  async #accept(link: Pick<Link, 'invitation' | 'peer'>, node: MeshNode, signal?: AbortSignal): Promise<string> {
    const { invitation } = compareWithOwn(link.invitation, this.#ownRelays)
    this.#invitation = invitation
    this.#useRelays(node)
    let failure: unknown
    // A link to a module may name its peer without an address.
    for (const peer of invitation.peers.length > 0 ? invitation.peers : [link.peer]) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next address is for when this one fails
        return await node.connect(peer, signal)
      } catch (thrown) {
        failure = thrown
      }
    }
    throw failure
  }

  /** A tab that was asleep, frozen or offline looks at once whether its relays are still there. */
  #followLife(node: MeshNode): void {
    const rejoin = (): void => node.rejoin()
    const whileAlive = { signal: this.#init.alive }
    addEventListener('online', rejoin, whileAlive)
    addEventListener('offline', rejoin, whileAlive)
    addEventListener('pageshow', rejoin, whileAlive)
    document.addEventListener('resume', rejoin, whileAlive)
    document.addEventListener('visibilitychange', () => !document.hidden && rejoin(), whileAlive)
    addEventListener('pagehide', () => node.leave(), whileAlive)
  }
}

/** Older versions of Safari have no `requestIdleCallback`: there it never resolves. */
function untilIdle(): Promise<unknown> {
  return new Promise((resolve) => 'requestIdleCallback' in globalThis && requestIdleCallback(resolve))
}
