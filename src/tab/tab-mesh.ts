import type { MeshSettings, SlotIdentity, Store } from '../actors/table/store.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import type { IceServersInUse, LinkState, LinkTarget, SharedLink } from '../ui/model.ts'
import type { Logger } from '../glia/log.ts'
import type { Invitation, Link } from '../mesh/relays/link.ts'
import type { MeshInit, MeshNode } from '../mesh/node.ts'
import { JoinAttempt } from './join-attempt.ts'
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

/** The page's own link, and how far it is followed. */
export type OpenedLink = Link & { hash: string; state: LinkState }

/** The question to the person before a join link is followed. */
export interface JoinQuestion {
  /** Peer id of the sender of the link. */
  from: string
  /** Hosts that would be dialled. */
  hosts: readonly string[]
}

/** A hash that is neither the address of a view nor a link of Glia. */
function noSuchLink(hash: string): GliaError {
  const shown = hash.length > 80 ? `${hash.slice(0, 80)}…` : hash
  return new GliaError(
    'ERR_BAD_REQUEST',
    `This page knows no link that is like “${shown}”. It may be cut off, or of a newer version.`,
  )
}

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
  /** Why the page's join link does not work now, and since when the page has that link. */
  badJoinLink: { error: GliaError; at: number } | undefined
  /** A join link that names hosts which this tab does not know. None of them is dialled before the person agrees. */
  question: JoinQuestion | undefined
  settings: MeshSettings = NO_SETTINGS
  #module: Awaited<MeshModule> | undefined
  #origin: OriginConfig | undefined
  #invitation: Invitation | undefined
  #originAsked: Promise<unknown> = Promise.resolve()
  /** The page's own link; undefined if it has none, or a bad one. */
  opened: OpenedLink | undefined
  #answered: ((joins: boolean) => void) | undefined
  /** Follows the page's own link, until its peer is connected. */
  #link: JoinAttempt | undefined
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
    return href === undefined || !this.#module ? undefined : { href, scope: this.#module.scopeOfLink(href) }
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
    const link = mesh.parseLink(target)
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
    const { module, store, people, home, restored, alive, link } = this.#init
    const asked = fetchOriginConfig(home)
    const [mesh, settings] = await Promise.all([module, store?.meshSettings(), people.load()])
    this.#module = mesh
    this.settings = settings ?? NO_SETTINGS
    // Local calls come first: libp2p starts in a pause of the page's own start, or after it.
    await Promise.race([restored, untilIdle()])
    const platform = mesh.browserPlatform({ iceServers: () => this.iceServers.servers })
    const node = await mesh.MeshNode.create({
      ...this.#init,
      name: () => people.view.peek().ownName,
      isBlocked: people.isBlocked,
      platform,
      changed: () => this.#changed(),
    })
    people.changed = () => node.peopleChanged()
    try {
      await restored
      alive.throwIfAborted()
    } catch (thrown) {
      await node.stop()
      throw thrown
    }
    this.#originAsked = asked.then((config) => this.#useOrigin(config, node))
    if (link) {
      link.given = () => this.#followLink(link, mesh, node)
      link.given()
    }
    this.#useRelays(node)
    const asking = setInterval(() => void this.#askOriginAgain(node), ASK_AGAIN_MS)
    alive.addEventListener('abort', () => clearInterval(asking), { once: true })
    this.#followLife(node)
    return node
  }

  /** Lets go of all peers, once `alive` has aborted. */
  async stop(): Promise<void> {
    this.#link?.stop()
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

  /** Joins the mesh of the page's own link, and tries until the peer of the link is connected. */
  #followLink(page: PageLink, mesh: Awaited<MeshModule>, node: MeshNode): void {
    const at = Date.now()
    const tell = (error: GliaError | undefined): void => {
      this.badJoinLink = error && { error, at }
      this.#init.changed()
    }
    this.#link?.stop()
    this.#link = undefined
    this.opened = undefined
    this.#ask(undefined)
    tell(undefined)
    if (page.hash === '') return
    try {
      const link = mesh.parseLink(page.hash)
      if (!link) throw noSuchLink(page.hash)
      const opened: OpenedLink = { ...link, hash: page.hash, state: link.peer === node.peerId ? 'own' : 'starting' }
      this.opened = opened
      if (opened.state === 'starting') void this.#considerLink(opened, page, () => this.#join(opened, node, tell))
    } catch (thrown) {
      page.forget()
      tell(toGliaError(thrown))
    }
  }

  /** Follows a link at once if it names no new hosts. Otherwise it waits for the person's consent. */
  async #considerLink(opened: OpenedLink, page: PageLink, join: () => void): Promise<void> {
    // Now the origin's own relays are known, or the origin cannot be reached.
    await this.#originAsked
    if (this.opened !== opened) return
    const { strangers } = compareWithOwn(opened.invitation, this.#ownRelays)
    if (strangers.length === 0 || page.isAgreed) return join()
    opened.state = 'asked'
    this.#ask({ from: opened.peer, hosts: strangers }, (joins) => {
      if (joins) {
        page.agree()
        return join()
      }
      page.forget()
      opened.state = 'declined'
    })
  }

  #join(opened: OpenedLink, node: MeshNode, tell: (error: GliaError | undefined) => void): void {
    opened.state = 'trying'
    this.#init.changed()
    this.#link = new JoinAttempt({
      connect: (signal) => this.#accept(opened, node, signal),
      tell: (error) => {
        if (!error) opened.state = 'joined'
        tell(error)
      },
    })
  }

  /** Tries at once to follow the page's link, and asks again if the person did not want to. */
  retryLink(): void {
    if (this.#link && this.opened?.state === 'trying') this.#link.hurry()
    else this.#init.link?.retry()
  }

  /** The person's answer to {@link question}. */
  answer(joins: boolean): void {
    const answered = this.#answered
    this.#ask(undefined)
    answered?.(joins)
    this.#init.changed()
  }

  #ask(question: JoinQuestion | undefined, answered?: (joins: boolean) => void): void {
    this.question = question
    this.#answered = answered
    this.#init.changed()
  }

  #changed(): void {
    const isJoined = this.node?.relays().some(({ state }) => state === 'reserved') ?? false
    if (isJoined && !this.#isJoined) this.#link?.hurry()
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
