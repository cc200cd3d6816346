import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { KeptPeople, MeshSettings } from '../actors/table/schema.ts'
import type { LogLine } from '../actors/table/process-log.ts'
import { PROTOCOL } from '../glia/address.ts'
import { cancellation } from '../glia/cancel.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { askInTime, type ListedProcess } from '../glia/listing.ts'
import type { GivenPolicy, PolicyChange } from '../glia/process/policy.ts'
import type { ToldProcess } from '../glia/told-process.ts'
import { pumpInto } from '../glia/stream/web-streams.ts'
import type {
  BundledActor,
  CallHandle,
  CallsSource,
  Draft,
  ErrorView,
  EverythingSource,
  LinkTarget,
  LinkView,
  ProcessView,
  SharedLink,
  SpawnView,
  StatusView,
  TabModel,
} from '../ui/model.ts'
import type { ConnectionInfo, PeerDetail, PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'
import type { MeshNode } from '../mesh/node.ts'
import { loadBundled } from './bundled.ts'
import { FileDraft } from './file-draft.ts'
import { setIfOther, setList } from './keep-same.ts'
import type { ProcessViews } from './process-views.ts'
import { KeptFiles } from './kept-files.ts'
import type { meshStatus } from './mesh-status.ts'
import type { Peer } from './peer.ts'
import type { People } from './people.ts'
import { Persistence } from './persistence.ts'
import type { JoinQuestion, OpenedLink } from './link-follower.ts'
import type { TabMesh } from './tab-mesh.ts'

/** What no first call needs. */
const loadLater = () => import('./later.ts')

const STARTING: StatusView = { level: 'idle', text: 'Starting', detail: 'The peer of this tab is being started.' }
/**
 * Shortest time between two updates of the views while the peer is busy, in ms. More often nobody can read a number, and
 * each update costs as much of the thread as some ten calls.
 */
const REFRESH_MS = 250

/**
 * The model of the views, over the parts of a tab. The parts arrive when the peer has started; until then the model
 * says so.
 */
export class LiveTabModel implements TabModel {
  readonly peerId = signal<string | undefined>(undefined)
  readonly slot = signal<number | undefined>(undefined)
  readonly tier = signal<TabModel['tier']['value']>(undefined)
  readonly mesh = signal(STARTING)
  readonly http = signal(STARTING)
  readonly updateReady = signal(false)
  readonly fatal = signal<ErrorView | undefined>(undefined)
  readonly processes = signal<readonly ProcessView[]>([])
  readonly spawns = signal<readonly SpawnView[]>([])
  readonly opened = signal<readonly File[]>([])
  readonly bundled = signal<readonly BundledActor[]>([])
  readonly peers = signal<readonly PeerInfo[]>([])
  readonly meshSize = signal(1)
  readonly people = signal<KeptPeople>({ ownName: '', names: {}, blocked: {} })
  readonly relays = signal<readonly RelayInfo[]>([])
  readonly traced = signal<CallsSource | undefined>(undefined)
  readonly joinLink = signal<string | undefined>(undefined)
  readonly openedLink = signal<LinkView | undefined>(undefined)
  readonly gateway = signal<string | undefined>(undefined)
  readonly badJoinLink = signal<ErrorView | undefined>(undefined)
  readonly joinQuestion = signal<JoinQuestion | undefined>(undefined)
  readonly settings = signal<MeshSettings>({ relays: [], iceServers: [] })
  readonly iceServers = signal<TabModel['iceServers']['value']>(undefined)
  readonly basePath = new URL('.', document.baseURI).pathname
  readonly #peer = Promise.withResolvers<Peer>()
  #table: ProcessTable | undefined
  #mesh: TabMesh | undefined
  /** The words are loaded beside the mesh. */
  #meshStatus: typeof meshStatus | undefined
  #people: People | undefined
  /** Changes whenever the table has changed. Logs are computed from it. */
  readonly #version = signal(0)
  /** Loaded beside the views that show the processes. */
  #views: ProcessViews | undefined
  #scheduled = false
  #refreshedAt = -Infinity
  #lastSpawn = 0
  readonly #stop: () => Promise<void>

  /** @param stop Ends the peer of this tab. */
  constructor(stop: () => Promise<void>) {
    this.#stop = stop
    // Whoever waits gets the error. If nobody does, `fatal` shows it.
    this.#peer.promise.catch(() => undefined)
  }

  started(peer: Peer): void {
    this.peerId.value = peer.peerId
    this.slot.value = peer.slot
    this.tier.value = peer.tier
    this.#mesh = peer.mesh
    loadLater().then(
      (later) => {
        this.#meshStatus = later.meshStatus
        this.#views = new later.ProcessViews()
        later.followUpdates(this.relays)
        later.takeLaunches(this.opened)
        later.whenErased(this.#stop, (why) => this.failed(why))
        this.changed()
      },
      () =>
        (this.mesh.value = {
          level: 'warn',
          text: 'Unknown',
          detail: 'A part of the page could not be loaded. Reload it.',
        }),
    )
    this.#people = peer.people
    // If it fails, the log says why.
    void peer.traced?.then(
      (traced) => (this.traced.value = traced),
      () => undefined,
    )
    this.#table = peer.table
    this.#peer.resolve(peer)
    this.changed()
  }

  failed(thrown: unknown): void {
    const error = toGliaError(thrown)
    this.fatal.value = { code: error.code, message: error.message, at: Date.now() }
    this.mesh.value = { level: 'bad', text: 'Not running', detail: error.message }
    this.http.value = { level: 'bad', text: 'No HTTP API', detail: error.message }
    this.#peer.reject(error)
  }

  /** The HTTP API works, or this is why it does not. */
  readonly served = (failure: GliaError | undefined): void => {
    this.http.value = failure
      ? { level: 'warn', text: 'No HTTP API', detail: `${failure.message} Calls from this page work all the same.` }
      : { level: 'ok', text: 'HTTP API', detail: 'Pages of this origin can call the processes here with fetch.' }
  }

  /**
   * Makes the views update in the next frame. While changes go on, they update a few times a second. Nobody sees the
   * views of a hidden page, so they update when it is shown.
   */
  readonly changed = (): void => {
    if (this.#scheduled) return
    this.#scheduled = true
    const waitMs = this.#refreshedAt + REFRESH_MS - performance.now()
    if (document.hidden) document.addEventListener('visibilitychange', this.#refresh, { once: true })
    else if (waitMs > 0) setTimeout(this.#refresh, waitMs)
    else requestAnimationFrame(this.#refresh)
  }

  readonly log = (pid: string): ReadonlySignal<readonly LogLine[]> =>
    computed(() => {
      void this.#version.value
      return this.#table?.entryOf(pid)?.log.lines ?? []
    })

  readonly everything = async (): Promise<EverythingSource> =>
    new (await import('./everything.ts')).Everything(await this.#peer.promise, this.#stop, (why) => this.failed(why))

  readonly draft = (file: File): Draft =>
    new FileDraft(
      file,
      this.#peer.promise.then(({ table }) => table),
      this.#persistence.wanted,
    )

  readonly spawnBundled = async ({ name, description, file, policy }: BundledActor): Promise<string> => {
    this.#persistence.wanted()
    const aborter = new AbortController()
    const id = ++this.#lastSpawn
    const cancel = (): void => aborter.abort(new GliaError('ERR_ABORTED', 'You cancelled the call.'))
    this.spawns.value = [...this.spawns.value, { id, name, stage: 'loading', since: Date.now(), cancel }]
    try {
      const { table } = await this.#peer.promise
      const bytes = await loadBundled(file)
      const onStage = (stage: SpawnView['stage']): void => this.#updateSpawn(id, { stage })
      return await table.spawn(bytes, { name, description, policy }, { signal: aborter.signal, onStage })
    } finally {
      this.spawns.value = this.spawns.value.filter((spawn) => spawn.id !== id)
      this.#refresh()
    }
  }

  readonly #persistence = new Persistence(navigator.storage)
  readonly storage = this.#persistence.view
  readonly askForStorage = this.#persistence.ask

  readonly files = new KeptFiles({
    table: async () => (await this.#peer.promise).table,
    version: this.#version,
    find: (pid) => this.#table?.entryOf(pid)?.files,
    changed: this.changed,
  })

  readonly memories: TabModel['memories'] = {
    list: async (pid) => (await this.#peer.promise).table.snapshots(pid),
    file: async (pid, id) => (await this.#peer.promise).table.snapshot(pid, undefined, id),
    rewind: async (pid, id, cancelled) => (await this.#peer.promise).table.rewind(pid, id, cancelled),
  }

  readonly shared: TabModel['shared'] = async () => (await loadLater()).sharedContents()

  readonly setPolicy = async (pid: string, policy: GivenPolicy): Promise<PolicyChange> =>
    (await this.#peer.promise).table.setPolicy(pid, policy)

  readonly cancelRunning = async (pid: string): Promise<void> => {
    const { table } = await this.#peer.promise
    table.get(pid)?.running?.abort(cancellation('The owner of the process cancelled the message.'))
  }

  readonly duplicate = async (pid: string, name: string): Promise<string> =>
    (await this.#peer.promise).table.duplicate(pid, name)

  readonly compile: TabModel['compile'] = async (...script) => (await import('./compiler.ts')).compile(...script)

  readonly moduleOf = async (pid: string): Promise<Blob> => (await this.#peer.promise).table.moduleOf(pid)

  readonly keys: TabModel['keys'] = async (...given) => (await this.#peer.promise).table.keys(...given)

  readonly restart = async (pid: string): Promise<void> => (await this.#peer.promise).table.restart(pid)

  readonly undoesKills = true

  readonly kill: TabModel['kill'] = async (pid) => {
    const { table } = await this.#peer.promise
    const killed = await table.kill(pid, true)
    return { undo: () => table.undoKill(killed), isWhole: killed.isHidden === true }
  }

  readonly call = (pid: string, method: string, message: Uint8Array | Blob): CallHandle =>
    this.#callTo(`${PROTOCOL}/self/${pid}/${method}`, message)

  readonly callPeer: TabModel['callPeer'] = (...given) => this.#callTo(...given)

  readonly listedBy = async (peerId: string, cancelled: AbortSignal): Promise<readonly ListedProcess[]> =>
    askInTime((await this.#peer.promise).listingOf, peerId, cancelled)

  readonly connect = async (text: string, cancelled: AbortSignal): Promise<string> =>
    (await this.#peer.promise).mesh.connect(text, cancelled)

  readonly connections = async (): Promise<readonly ConnectionInfo[]> => (await this.#mesh?.node?.connections()) ?? []

  readonly linkTo = (target: LinkTarget): SharedLink | undefined =>
    this.joinLink.value === undefined ? undefined : this.#mesh?.linkTo(target)

  readonly retryLink = (): void => this.#mesh?.follower?.retry()

  readonly processOf = async (peerId: string, pid: string, cancelled: AbortSignal): Promise<ToldProcess> =>
    (await this.#modules()).processOf(peerId, pid, cancelled)

  readonly fetchModule: TabModel['fetchModule'] = async (...given) => (await this.#modules()).fetch(...given)

  readonly answerJoinLink = (joins: boolean): void => this.#mesh?.follower?.answer(joins)

  readonly disconnect = async (peerId: string): Promise<void> => {
    await (await this.#node()).disconnect(peerId)
  }

  readonly setOwnName = async (name: string): Promise<void> => (await this.#peer.promise).people.setOwnName(name)

  readonly setPeerName = async (peerId: string, name: string): Promise<void> =>
    (await this.#peer.promise).people.setName(peerId, name)

  readonly setBlocked = async (peerId: string, isBlocked: boolean): Promise<void> =>
    (await this.#peer.promise).people.setBlocked(peerId, isBlocked)

  readonly setManager = async (peerId: string, isManager: boolean): Promise<void> =>
    (await this.#peer.promise).people.setManager(peerId, isManager)

  readonly lookAt = async (peerId: string): Promise<PeerDetail> => (await this.#node()).detailOf(peerId)

  readonly ping = async (peerId: string, cancelled: AbortSignal): Promise<number> =>
    (await this.#node()).ping(peerId, cancelled)

  readonly saveSettings = async (settings: MeshSettings): Promise<void> =>
    (await this.#peer.promise).mesh.saveSettings(settings)

  async #node(): Promise<MeshNode> {
    return (await this.#peer.promise).mesh.started
  }

  async #modules() {
    return (await (await this.#peer.promise).mesh.started).modules()
  }

  #callTo(address: string, message: Uint8Array | Blob, isLook = false): CallHandle {
    const aborter = new AbortController()
    return { reply: this.#reply(address, message, aborter.signal, isLook), cancel: () => aborter.abort() }
  }

  async *#reply(
    to: string,
    message: Uint8Array | Blob,
    cancelled: AbortSignal,
    isLook: boolean,
  ): AsyncGenerator<Uint8Array> {
    const { router } = await this.#peer.promise
    const blob = message instanceof Blob ? message : new Blob([message.slice()])
    const address = await router.resolve(to, { signal: cancelled })
    const stream = router.open(address, {
      caller: 'browser',
      expectedBytes: blob.size,
      via: isLook ? 'view' : undefined,
    })
    const cancel = (): void => stream.abort(cancellation('You cancelled the call.'))
    cancelled.addEventListener('abort', cancel, { once: true })
    if (cancelled.aborted) cancel()
    void pumpInto(stream, blob.stream())
    try {
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) yield chunk
    } finally {
      // A view that stops early gives the call up. After the end of the call this has no effect.
      await stream.close()
    }
  }

  #updateSpawn(id: number, change: Partial<SpawnView>): void {
    this.spawns.value = this.spawns.value.map((spawn) => (spawn.id === id ? { ...spawn, ...change } : spawn))
  }

  readonly #refresh = (): void => {
    this.#scheduled = false
    this.#refreshedAt = performance.now()
    if (this.#views) this.processes.value = this.#views.of(this.#table?.entries ?? [])
    this.#version.value += 1
    if (this.#people) this.people.value = this.#people.view.peek()
    if (this.#mesh) this.#showMesh(this.#mesh)
  }

  #showMesh(mesh: TabMesh): void {
    const { node, failure, follower, settings } = mesh
    const badJoinLink = follower?.badJoinLink
    this.settings.value = settings
    this.joinQuestion.value = follower?.question
    setIfOther(this.openedLink, follower?.opened && linkView(follower.opened))
    if (
      badJoinLink?.at !== this.badJoinLink.value?.at ||
      badJoinLink?.error.message !== this.badJoinLink.value?.message
    ) {
      this.badJoinLink.value = badJoinLink && {
        code: badJoinLink.error.code,
        message: badJoinLink.error.message,
        at: badJoinLink.at,
      }
    }
    if (failure) {
      this.mesh.value = { level: 'bad', text: 'Not on the mesh', detail: failure.message }
    }
    if (!node) return
    const peers = node.peers()
    const relays = node.relays()
    setList(this.peers, peers, ({ peerId }) => peerId)
    this.meshSize.value = node.size
    setIfOther(this.relays, relays)
    this.joinLink.value = mesh.joinLink()
    this.gateway.value = mesh.gateway
    setIfOther(this.iceServers, mesh.iceServers)
    const next = this.#meshStatus?.({
      peers,
      relays,
      onlyRelayed: node.onlyRelayed,
      online: navigator.onLine,
      refusedDials: node.rtcCounts.refused,
    })
    if (next) setIfOther(this.mesh, next)
  }
}

function linkView({ invitation, ...link }: OpenedLink): LinkView {
  return { ...link, relays: invitation.relays }
}
