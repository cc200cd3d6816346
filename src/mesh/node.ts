import { LoadedOnce } from '../glia/loaded-once.ts'
import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Address } from '../glia/address.ts'
import type { Routing } from '../glia/env.ts'
import { GliaError } from '../glia/errors.ts'
import type { ListedProcess } from '../glia/listing.ts'
import { isPeerId } from '../glia/peer-id.ts'
import type { RemoteWatch, WatchHandle } from '../glia/process/remote-watch.ts'
import type { OpenOptions } from '../glia/router.ts'
import type { SessionChannel } from '../glia/session/session.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { isDirect, isWebRtc, openConnections, peerIdOf, peerOf, readMultiaddr } from './dial/addresses.ts'
import type { Components } from './libp2p/components.ts'
import { CircuitLimits } from './dial/circuit-limits.ts'
import type { DialGate } from './dial/dial-gate.ts'
import { Directs } from './dial/directs.ts'
import { dialWords, meshError } from './dial/failure-words.ts'
import { IdleCircuits } from './dial/idle-circuits.ts'
import { KnownPeers, type Source } from './presence/known-peers.ts'
import { Latencies } from './presence/latencies.ts'
import type { LazyGossip } from './presence/lazy-gossip.ts'
import {
  ATTEMPTS,
  BEGIN_DIRECT_MS,
  DIAL_DEADLINE_MS,
  DOUBT_MS,
  IDLE_AFTER_MS,
  LATENCIES_PER_TICK,
  NAME_PROTOCOL,
  PING_ANSWER_MS,
  ROSTER_PROTOCOL,
  TICK_MS,
} from './limits.ts'
import { askListing } from './presence/listing.ts'
import { type Libp2pParts, makeLibp2p } from './libp2p/make-libp2p.ts'
import type { MeshInit } from './mesh-init.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { nextTask } from '../glia/wait/next-task.ts'
import { orAborted } from '../glia/wait/or-aborted.ts'
import { PeerTable } from './presence/peer-table.ts'
import { Names } from './presence/names.ts'
import { ConnectionList } from './presence/connection-list.ts'
import type { ConnectionInfo, PeerDetail, PeerInfo, RelayInfo } from './presence/peer-info.ts'
import type { PeerLook } from './presence/peer-look.ts'
import { ping, probe } from './dialects/probe.ts'
import { Reach } from './dial/reach.ts'
import { Roots } from './presence/roots.ts'
import { RosterReader } from './presence/roster-reader.ts'
import type { Roster } from './presence/roster.ts'
import type { StartGossipInit } from './presence/start-gossip.ts'
import { Pulses } from './presence/pulses.ts'
import { CircuitReserver, Relays } from './relays/relays.ts'
import { answersAbout, routingOf } from './presence/routing.ts'
import type { RtcBudget, RtcCounts } from './dial/rtc-budget.ts'
import { Sessions } from './dialects/sessions.ts'
import { openWatchStream, watchesOver } from './watch/watch-stream.ts'
import type { Modules } from './module/modules.ts'
import { serveProtocols } from './serve-protocols.ts'
import { Watchers } from './watch/watchers.ts'
import { Watching } from './watch/watching.ts'

export type { MeshInit, Platform } from './mesh-init.ts'

/** This peer's libp2p node. Every call goes in and out of it as a Stream. */
export class MeshNode {
  readonly libp2p: Libp2p
  readonly #init: MeshInit
  readonly #components: Components
  readonly #sessions: Sessions
  readonly #known = new KnownPeers(() => this.#met())
  readonly #roots = new Roots()
  readonly #latencies = new Latencies()
  readonly #limits: CircuitLimits
  readonly #pulses: Pulses
  readonly #relays: Relays
  readonly #reach: Reach
  readonly #directs: Directs
  readonly #gossip: LazyGossip
  readonly #gossipInit: StartGossipInit
  /** Of a relay. */
  readonly #roster: Roster | undefined
  readonly #rosters: RosterReader
  readonly #names: Names
  readonly #table: PeerTable
  readonly #tick: ReturnType<typeof setInterval>
  readonly #gate: DialGate
  readonly #rtc: RtcBudget
  readonly #shunned = new Set<string>()
  readonly #watchers: Watchers
  readonly #watching = new Watching({ open: (peer, signal) => this.#openWatches(peer, signal) })
  readonly #look = new LoadedOnce(async (): Promise<PeerLook> => {
    const { PeerLook } = await import('./later.ts')
    return new PeerLook({
      libp2p: this.libp2p,
      protocolsOf: (id) => this.#table.protocolsOf(id),
      lastSeen: (id) => this.#table.lastSeen(id),
      why: (id) => this.#directs.why(id),
    })
  })
  readonly #connections = new ConnectionList((connection) => this.#latencies.of(connection))
  readonly #stopped = new AbortController()
  readonly #modules = new LoadedOnce(() => this.#loadModules())
  #changeWaiters: (() => void)[] = []

  private constructor(init: MeshInit, { libp2p, components, gossip, gate, rtc }: Libp2pParts) {
    const { log, platform, identity } = init
    this.#init = init
    this.libp2p = libp2p
    this.#components = components
    this.#gate = gate
    this.#rtc = rtc
    const changed = (): void => this.#changed()
    const idle = new IdleCircuits({ libp2p, callsOn: (connection) => this.#sessions.callsOn(connection) })
    this.#limits = new CircuitLimits((connection) => idle.isUsed(connection))
    this.#limits.watch(components.upgrader)
    this.#sessions = new Sessions({
      self: identity.peerId,
      silenceMs: init.silenceMs,
      serveStream: init.serveStream,
      isBlocked: (peer) => this.#isBlocked(peer),
      explain: (connection) => this.#limits.explain(connection, libp2p),
    })
    this.#watchers = new Watchers({ find: (pid) => init.watched?.(pid) })
    this.#pulses = new Pulses({
      hidden: () => platform.hidden?.() ?? false,
      isIdle: (connection) =>
        isWebRtc(connection) &&
        this.#sessions.callsOn(connection) === 0 &&
        !watchesOver(connection) &&
        Date.now() - this.#sessions.usedAt(connection) > IDLE_AFTER_MS,
      measured: (connection, ms) => this.#latencies.note(connection, ms),
    })
    const store = components.reservations()
    const heard = (peer: string, isNew: boolean): void => {
      // All tabs of a relay connect to it, so it does not need to look for peers.
      if (platform.reserves && !this.#shunned.has(peer) && !this.#isBlocked(peer)) this.#directs.meet(peer)
      if (isNew) changed()
    }
    this.#roster = platform.roster?.({
      known: this.#known,
      networkOf: ({ remotePeer }) => this.#sourceOf(remotePeer).name,
      isConnected: (peer) => openConnections(libp2p, peer).length > 0,
      room: platform.room && (() => platform.room?.(libp2p) ?? 0),
    })
    const ownName = (): string => init.name?.() ?? ''
    this.#names = new Names({ log, own: ownName, toldOf: (peer) => this.#rosters.nameOf(peer), changed })
    this.#rosters = new RosterReader({
      self: libp2p.peerId,
      log,
      known: this.#known,
      addresses: () => libp2p.getMultiaddrs(),
      name: ownName,
      heard,
      changed,
    })
    this.#relays = new Relays({
      libp2p,
      reserver: platform.reserves && store ? new CircuitReserver(components.transportManager, store) : undefined,
      pulses: this.#pulses,
      attend: (connection) => {
        // Calls that wait for a relay go on.
        changed()
        // A relay hears of everybody by gossip.
        return this.#roster ? () => undefined : this.#rosters.attend(connection)
      },
      name: (address) => gate.name(address),
      changed,
    })
    this.#directs = new Directs({
      libp2p,
      rtc,
      log,
      beginAfterMs: BEGIN_DIRECT_MS,
      callsOn: (connection) => this.#sessions.callsOn(connection) + Number(watchesOver(connection)),
      usedAt: (connection) => this.#sessions.usedAt(connection),
      reach: (peer) => this.#reach.overRelays(peer, AbortSignal.timeout(DIAL_DEADLINE_MS)),
    })
    this.#reach = new Reach({
      libp2p,
      limits: this.#limits,
      relays: (signal) => this.#usableRelays(signal),
      isUnknown: (address) => gate.isUnknown(address),
      announced: async (peer) => this.#known.get(peer)?.addresses ?? this.#rosters.find(peer),
      lookUp: (peer, signal) => answersAbout(libp2p, peer, { signal }),
      isNew: () => this.#relays.isNewcomer(),
    })
    this.#table = new PeerTable({
      libp2p,
      known: this.#known,
      latencies: this.#latencies,
      nameOf: (peer) => this.#names.of(peer),
      relays: () => this.#relayPeers(),
    })
    this.#gossip = gossip
    this.#gossipInit = {
      self: libp2p.peerId,
      log,
      hub: platform.hub === true,
      addresses: () => libp2p.getMultiaddrs(),
      known: this.#known,
      sourceOf: (peer) => this.#sourceOf(peer),
      heard,
      size: () => this.size,
      listens: () => this.#listensToGossip(),
      isOnRoster: (peer) => this.#roster?.has(peer) ?? false,
      forgot: changed,
      isKnown: (peer) => this.#known.get(peer) !== undefined || (this.#roster?.has(peer) ?? false),
      dropped: () => platform.droppedAnnouncement?.(),
    }
    const neighbourhood = new Neighbourhood({
      platform,
      known: this.#known,
      relays: () => [...this.#relayPeers()].flatMap((relay) => libp2p.getConnections(peerIdOf(relay))),
    })
    gate.look({
      isConnected: (peer) => openConnections(libp2p, peer).length > 0,
      isNear: (peer, door, host) => neighbourhood.isNear(peer, door, host),
    })
    this.#listen()
    this.#tick = setInterval(() => {
      idle.sweep()
      this.#directs.trim()
      this.#rosters.tick()
      this.#roster?.tick()
      this.#gossip.look()
      void this.#latencies.measureSome(libp2p.getConnections(), LATENCIES_PER_TICK).then(changed)
    }, TICK_MS)
  }

  /** Starts a node. It reaches nobody until it is given relays. */
  static async create(init: MeshInit): Promise<MeshNode> {
    // A task each: a phone takes 50 ms and more for one of these.
    const parts = await makeLibp2p(init)
    await nextTask()
    const node = new MeshNode(init, parts)
    await nextTask()
    await node.#start()
    return node
  }

  get peerId(): string {
    return this.libp2p.peerId.toString()
  }

  /** Multiaddrs under which this peer can be reached. */
  addrs(): string[] {
    return this.libp2p.getMultiaddrs().map(String)
  }

  peers(): PeerInfo[] {
    return this.#table.list()
  }

  /** The open connections, with what each has carried. */
  connections(): Promise<ConnectionInfo[]> {
    return this.#connections.of(this.libp2p.getConnections().filter(({ status }) => status === 'open'))
  }

  /** Number of peers in the mesh, this one included, as far as it knows. It knows only some of them by name. */
  get size(): number {
    return Math.max(this.#known.size + 1, this.#roster?.size ?? 0, this.#rosters.total)
  }

  isConnected(peer: string): boolean {
    return this.#reach.existing(peer) !== undefined
  }

  relays(): RelayInfo[] {
    return this.#relays.infos.map((info) => ({ ...info, room: this.#rosters.roomAt(info.peerId) }))
  }

  /** RTCPeerConnections that were made so far, and dials that were refused. */
  get rtcCounts(): RtcCounts {
    return this.#rtc.counts
  }

  /** Watches that other peers have on processes of this one. */
  get watchesOfOthers(): number {
    return this.#watchers.watches
  }

  /** Whether no direct connections can be had here. */
  get onlyRelayed(): boolean {
    return this.#directs.impossible
  }

  /** Uses exactly these relays. One whose address is no multiaddr is shown with its error. */
  useRelays(addresses: readonly string[]): void {
    this.#relays.use(addresses)
  }

  /**
   * Checks at once whether the relays and the connected peers are there, because the machine woke up or the network
   * changed.
   */
  rejoin(): void {
    this.#pulses.now()
    this.#relays.hurry()
    this.#watching.hurry()
  }

  /**
   * Opens a call to a process of another peer.
   * @throws {GliaError} ERR_UNREACHABLE that names what was tried, within the dial deadline; ERR_NO_PROC if the peer
   * refuses the address.
   */
  async open(address: Address, options: OpenOptions): Promise<Stream> {
    const { signal, expectedBytes, over } = options
    this.#checkBlocked(address.host)
    this.#known.called(address.host)
    let release: (() => void) | undefined
    const lease = async (): Promise<Connection> => {
      release?.()
      const found = await this.#reach.lease(address.host, signal, expectedBytes)
      release = found.release
      return found.connection
    }
    try {
      const stream = await this.#overConnection(address.host, signal, lease, (connection) =>
        this.#sessions.open(connection, address, options),
      )
      void (over ?? Promise.resolve()).then(() => release?.())
      return stream
    } catch (thrown) {
      release?.()
      throw thrown
    }
  }

  /** PID of the root process of another peer. @throws {GliaError} ERR_UNREACHABLE, ERR_NO_PROC */
  rootOf(peer: string, signal: AbortSignal): Promise<string> {
    const connect = (): Promise<Connection> => this.#reach.connection(peer, signal)
    return this.#overConnection(peer, signal, connect, (connection) => this.#roots.of(connection, signal))
  }

  /** The processes that another peer lists to this one. @throws {GliaError} ERR_UNREACHABLE */
  listingOf(peer: string, signal: AbortSignal): Promise<ListedProcess[]> {
    const connect = (): Promise<Connection> => this.#reach.connection(peer, signal)
    return this.#overConnection(peer, signal, connect, (connection) => askListing(connection, signal))
  }

  /** What another peer knows of a trace, as JSON. @throws {GliaError} ERR_UNREACHABLE */
  async traceOf(peer: string, trace: string, signal: AbortSignal): Promise<string> {
    const { askTrace } = await import('./later.ts')
    const connect = (): Promise<Connection> => this.#reach.connection(peer, signal)
    return this.#overConnection(peer, signal, connect, (connection) => askTrace(connection, trace, signal))
  }

  /** What other peers tell of their processes, and the modules that peers share. Rejects if it cannot be loaded. */
  modules(): Promise<Modules> {
    return this.#modules.get()
  }

  /**
   * Watches a process of another peer, for as long as it exists.
   * @throws {GliaError} ERR_BAD_REQUEST if this peer watches too many processes of the other.
   */
  watch(peer: string, watch: RemoteWatch): WatchHandle {
    return this.#watching.watch(peer, watch)
  }

  /** Connects to a peer, by id or multiaddr. Resolves to its peer id. @throws {GliaError} ERR_BAD_ADDRESS, ERR_UNREACHABLE */
  async connect(target: string, signal = AbortSignal.timeout(DIAL_DEADLINE_MS)): Promise<string> {
    const peer = target.startsWith('/') ? await this.#dial(target, signal) : readPeerId(target)
    if (peer === this.peerId) throw ownAddress()
    this.#checkBlocked(peer)
    this.#shunned.delete(peer)
    this.#known.called(peer)
    const connection = await this.#reach.connection(peer, signal)
    this.#directs.want(peer, connection)
    return peer
  }

  /** Closes all connections to a peer, and makes no new one by itself for some time. */
  async disconnect(peer: string): Promise<void> {
    this.#shunned.add(peer)
    this.#directs.shun(peer)
    await this.libp2p.hangUp(peerIdOf(peer))
  }

  /** Call it when the name of this peer has changed, or a peer was blocked. */
  peopleChanged(): void {
    this.#rosters.announce()
    for (const connection of this.libp2p.getConnections()) {
      this.#endIfBlocked(connection)
      this.#sayName(connection)
    }
    this.#changed()
  }

  /** What a page about one peer shows. */
  async detailOf(peer: string): Promise<PeerDetail> {
    return (await this.#look.get()).at(peer)
  }

  /**
   * Round trip to a connected peer, in ms. It makes no connection and ends none.
   * @throws {GliaError} ERR_UNREACHABLE if the peer is not connected, or does not answer in 5 s.
   */
  async ping(peer: string, signal: AbortSignal): Promise<number> {
    const connection = this.#reach.existing(peer)
    if (!connection) throw new GliaError('ERR_UNREACHABLE', `${peer} is not connected.`)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PING_ANSWER_MS)])
    try {
      const ms = await ping(connection, limit)
      this.#latencies.note(connection, ms)
      return ms
    } catch (thrown) {
      signal.throwIfAborted()
      throw meshError(peer, thrown, limit)
    }
  }

  get routing(): Routing {
    return routingOf(this.libp2p)
  }

  /** Ends everything at once when the page closes, so that other peers need not wait to notice. */
  leave(): void {
    for (const connection of this.libp2p.getConnections()) connection.abort(new Error('the page was closed'))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    clearInterval(this.#tick)
    this.#watching.stop()
    this.#relays.stop()
    this.#pulses.stop()
    this.#roster?.stop()
    await this.libp2p.stop()
  }

  async #start(): Promise<void> {
    await serveProtocols({
      ...this.#init,
      registrar: this.#components.registrar,
      sessions: this.#sessions,
      watchers: this.#watchers,
      names: this.#names,
      roster: this.#roster,
      near: this.#init.platform.near?.((peer) => this.libp2p.getConnections(peerIdOf(peer))),
      modules: () => this.modules(),
    })
    await nextTask()
    await this.libp2p.start()
    if (this.#gossipInit.hub) await this.#gossip.load(this.#gossipInit)
  }

  async #loadModules(): Promise<Modules> {
    const { Modules } = await import('./later.ts')
    return new Modules({
      self: this.peerId,
      tellable: this.#init.tellable ?? { find: () => undefined, shared: async () => undefined },
      routing: this.routing,
      isReachable: () => this.addrs().length > 0,
      over: (peer, signal, use) => this.#overConnection(peer, signal, () => this.#reach.connection(peer, signal), use),
      alive: this.#stopped.signal,
    })
  }

  #listen(): void {
    const { libp2p } = this
    const changed = (): void => this.#changed()
    libp2p.addEventListener('connection:open', ({ detail }) => {
      // It was being made while the peer was blocked.
      if (this.#endIfBlocked(detail)) return
      this.#directs.opened(detail)
      this.#doubtOlder(detail)
      this.#gossip.loadSoon(this.#gossipInit)
      // Its end shows at once that a tab has closed. A tab that crashed sends nothing, and its pulse is missed.
      if (isWebRtc(detail)) {
        this.#sessions.prepare(detail)
        this.#pulses.watch(detail)
      }
      this.#lookForWatched(detail.remotePeer.toString())
      changed()
    })
    libp2p.addEventListener('connection:close', changed)
    libp2p.addEventListener('peer:disconnect', ({ detail }) => {
      const peer = detail.toString()
      this.#table.gone(peer)
      this.#names.gone(peer)
      // Others reached it through this relay.
      if (this.#roster) this.#known.forget(peer)
    })
    libp2p.addEventListener('peer:identify', ({ detail }) => {
      this.#table.identified(detail)
      this.#sayName(detail.connection)
      this.#gossip.look()
      changed()
    })
    libp2p.addEventListener('peer:update', ({ detail: { peer } }) => {
      this.#table.updated(peer.id.toString(), peer.protocols)
    })
    libp2p.addEventListener('self:peer:update', () => {
      this.#gossip.soon()
      this.#rosters.announce()
      changed()
    })
  }

  #isBlocked(peer: string): boolean {
    return this.#init.isBlocked?.(peer) ?? false
  }

  /** @throws {GliaError} ERR_DENIED if the person has blocked the peer */
  #checkBlocked(peer: string): void {
    if (!this.#isBlocked(peer)) return
    throw new GliaError('ERR_DENIED', `You have blocked ${peer}. Its page and the settings can undo that.`)
  }

  /** Its streams end with it, whoever opened them. */
  #endIfBlocked(connection: Connection): boolean {
    const peer = connection.remotePeer.toString()
    if (!this.#isBlocked(peer)) return false
    connection.abort(new GliaError('ERR_DENIED', `${peer} was blocked.`))
    return true
  }

  #sayName(connection: Connection): void {
    if (connection.status !== 'open') return
    if (this.#table.protocolsOf(connection.remotePeer.toString()).includes(NAME_PROTOCOL))
      void this.#names.say(connection)
  }

  async #openWatches(peer: string, signal: AbortSignal): Promise<SessionChannel> {
    if (this.#shunned.has(peer) && !this.isConnected(peer)) {
      throw new GliaError('ERR_UNREACHABLE', `${peer} was disconnected by hand.`)
    }
    this.#known.called(peer)
    const connect = (): Promise<Connection> => this.#reach.connection(peer, signal)
    return this.#overConnection(peer, signal, connect, (connection) => openWatchStream(connection, signal))
  }

  /** A peer has connected. It may be watched, or be the relay of such peers. */
  #lookForWatched(peer: string): void {
    const isRelay = this.#relays.infos.some(({ peerId }) => peerId === peer)
    this.#watching.hurry(isRelay ? undefined : peer)
  }

  async #overConnection<T>(
    peer: string,
    signal: AbortSignal,
    connect: () => Promise<Connection>,
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    this.#checkBlocked(peer)
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- another attempt is for when this one fails
      const connection = await connect()
      this.#directs.want(peer, connection)
      try {
        // oxlint-disable-next-line no-await-in-loop
        return await use(connection)
      } catch (thrown) {
        const error = meshError(peer, thrown)
        if (error.code !== 'ERR_UNREACHABLE' || signal.aborted || attempt === ATTEMPTS) throw error
        // The connection is dead, because a tab closed or a network changed. Another one is found or made.
        connection.abort(error)
      }
    }
  }

  /**
   * A peer that connects anew may have lost its older connections, because its tab crashed or its network changed. An
   * older connection that does not answer is ended. A circuit that is being replaced is not tested: by a direct
   * connection, or because its limit is near.
   */
  #doubtOlder(newest: Connection): void {
    const isReplacement = isDirect(newest) || newest.limits !== undefined
    for (const connection of this.libp2p.getConnections(newest.remotePeer)) {
      if (connection === newest || (isReplacement && !isDirect(connection))) continue
      void probe(connection, DOUBT_MS)
    }
  }

  #changed(): void {
    this.#init.changed?.()
    for (const waiter of this.#changeWaiters.splice(0)) waiter()
  }

  async #dial(target: string, signal: AbortSignal): Promise<string> {
    const address = readMultiaddr(target)
    const named = peerOf(address)
    if (named === this.peerId) throw ownAddress()
    if (named !== undefined) this.#checkBlocked(named)
    this.#gate.name(address)
    try {
      const { remotePeer } = await this.libp2p.dial(address, { signal })
      return remotePeer.toString()
    } catch (cause) {
      if (signal.reason instanceof GliaError) throw signal.reason
      const why = dialWords(address, cause, signal, (relay) => this.isConnected(relay))
      throw new GliaError('ERR_UNREACHABLE', `${named ?? 'The peer'} could not be reached: ${why}.`, {
        cause,
      })
    }
  }

  /** The name under which quotas that count networks count a neighbour. */
  #sourceOf(peer: PeerId): Source {
    const id = peer.toString()
    if (this.#relayPeers().has(id)) return { name: id, isOwnRelay: true }
    const { networkOf } = this.#init.platform
    const [connection] = this.libp2p.getConnections(peer)
    return { name: networkOf && connection ? networkOf(connection.remoteAddr) : id, isOwnRelay: false }
  }

  #met(): Set<string> {
    return new Set([...this.#relayPeers(), ...this.libp2p.getPeers().map(String)])
  }

  /**
   * A relay listens to gossip, and so does a peer with a neighbour that gossips and has no roster: a peer on its own, or
   * an older relay. Neighbours over WebRTC and over circuits do not count: the relay that connected them tells of them.
   */
  #listensToGossip(): boolean {
    if (this.#roster) return true
    return this.libp2p.getConnections().some((connection) => {
      if (!isDirect(connection) || isWebRtc(connection)) return false
      const protocols = this.#table.protocolsOf(connection.remotePeer.toString())
      return protocols.some((id) => id.startsWith('/meshsub/')) && !protocols.includes(ROSTER_PROTOCOL)
    })
  }

  #relayPeers(): Set<string> {
    return new Set(this.#relays.connected.keys())
  }

  /**
   * Addresses of the connected relays, with or without a reservation. While there is none, waits for one that is being
   * tried.
   */
  async #usableRelays(signal: AbortSignal): Promise<Multiaddr[]> {
    this.#relays.hurryIfAlone()
    for (;;) {
      const connected = [...this.#relays.connected.values()]
      if (connected.length > 0 || !this.#relays.infos.some(({ state }) => state === 'connecting')) return connected
      // oxlint-disable-next-line no-await-in-loop -- until something changes
      await orAborted(new Promise<void>((resolve) => this.#changeWaiters.push(resolve)), signal)
    }
  }
}

function ownAddress(): GliaError {
  return new GliaError('ERR_BAD_ADDRESS', 'This is the address of this peer itself.')
}

function readPeerId(text: string): string {
  if (isPeerId(text)) return text
  throw new GliaError('ERR_BAD_ADDRESS', `“${text.slice(0, 200)}” is not a multiaddr, a peer id or a join link.`)
}
