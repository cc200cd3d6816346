import { LoadedOnce } from '../glia/loaded-once.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'
import { ProcessTable } from '../actors/table/process-table.ts'
import type { SlotIdentity } from '../actors/table/schema.ts'
import { Store } from '../actors/table/store.ts'
import { chooseTier, detectFeatures, type Tier } from '../actors/worker/tier.ts'
import { livingPeers } from '../calls/life-lock.ts'
import type { Address } from '../glia/address.ts'
import type { AddressWatches } from '../glia/address-watches.ts'
import { isServed } from '../glia/process/admit.ts'
import type { Env } from '../glia/env.ts'
import { GliaError } from '../glia/errors.ts'
import type { HttpApi, HttpInit } from '../glia/http/http.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { Logger } from '../glia/log.ts'
import { parsePid } from '../glia/pid.ts'
import type { Proc } from '../glia/process/proc.ts'
import { type OpenOptions, Router } from '../glia/router.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { CallTrace } from '../glia/trace/call-trace.ts'
import { nextTask } from '../glia/wait/next-task.ts'
import type { MeshNode } from '../mesh/index.ts'
import { connectedPeers } from '../mesh/presence/peer-info.ts'
import { loadModule } from './bundled.ts'
import type { LogKeeper } from './log-keeper.ts'
import { newIdentity, sealed } from './new-identity.ts'
import { People } from './people.ts'
import { takeSlot } from './slot.ts'
import { createTabSys } from './tab-sys.ts'
import { type MeshModule, TabMesh, type TabMeshInit } from './tab-mesh.ts'
import type { TracedCalls } from './traced-calls.ts'
import { trustedScriptUrl } from './trusted.ts'
import { workerScript } from './worker-script.ts'

/** The parts that make this tab a peer. */
export interface Peer {
  slot: number
  peerId: string
  tier: Tier
  table: ProcessTable
  router: Router
  http: HttpApi
  /** The processes that another peer lists to this one. @throws {GliaError} ERR_UNREACHABLE */
  listingOf(peer: string, signal: AbortSignal): Promise<ListedProcess[]>
  /** The libp2p node. No local call waits for it. */
  mesh: TabMesh
  /** The name of this browser, the names of peers, and who is blocked. */
  people: People
  /** The recorded calls; undefined if none are recorded. */
  traced: Promise<TracedCalls> | undefined
  /** Makes what watches processes by their address. */
  watches(): Promise<AddressWatches>
  /** Ends all workers and connections, once `alive` has aborted. What is kept stays. */
  stop(): Promise<void>
}

export interface PeerInit extends Pick<
  TabMeshInit,
  'log' | 'home' | 'relays' | 'ownName' | 'link' | 'alive' | 'changed'
> {
  /** Name of what is kept in this browser: database, slots. */
  storage: string
  /** Absolute URL of the actor worker's script. */
  workerScript: string
  /** Absolute URL of the module of the root process. */
  rootModule: string
  /** Name of a tier to use instead of the best one. */
  tier: string | null
  /** Whether calls are recorded, for a view. */
  records: boolean
  /**
   * Opens a call to another tab of this browser; undefined if no tab runs the peer.
   * @param isConnected Whether the mesh has a connection to the peer.
   */
  openSibling(address: Address, options: OpenOptions, isConnected: boolean): Promise<Stream | undefined>
  /** PID of the root process of another tab of this browser; undefined if no tab runs the peer. */
  rootOfSibling(peer: string, signal: AbortSignal): Promise<string | undefined>
  /** The processes that another tab of this browser lists; undefined if no tab runs the peer. */
  listingOfSibling(peer: string, signal: AbortSignal): Promise<ListedProcess[] | undefined>
}

/** Starts the peer of this tab: identity, processes, router, HTTP API, and the libp2p node in the background. */
export async function startPeer({ tier: askedTier, ...init }: PeerInit): Promise<Peer> {
  const { log, storage, alive, openSibling, rootOfSibling, listingOfSibling } = init
  let logs: LogKeeper | undefined
  const changed = (): void => {
    init.changed()
    logs?.notice()
    router.meter.touched?.()
  }
  // A part of the mesh, and run in a task of its own: together they would hold the page up for longer.
  import('../mesh/libp2p/identity.ts').catch(() => undefined)
  const module: MeshModule = import('../mesh/index.ts')
  const rootModule = loadModule(init.rootModule)
  for (const loading of [module, rootModule]) loading.catch(() => undefined) // awaited below
  const [slot, store] = await Promise.all([takeSlot(init), openStore(storage, log)])
  // Not awaited: what follows reads after it.
  store?.hold(slot).catch((thrown: unknown) => log.warn('another tab may write the same processes:', thrown))
  const identity = await loadIdentity(slot, store)
  const { peerId } = identity
  const tier = chooseTier(detectFeatures(), askedTier)
  installErrorTransfer()
  const createWorker = workerScript(init.workerScript, startWorker, alive)
  // Beside the other script.
  const createRecorder = workerScript(new URL('recorder.js', init.workerScript).href, startWorker, alive)
  const node = Promise.withResolvers<MeshNode>()
  node.promise.catch(() => undefined) // the view is told
  const table: ProcessTable = new ProcessTable({
    slot,
    peerId,
    store,
    tier: tier.name,
    createWorker,
    log,
    changed,
    // Links name this peer, so nobody waits for the directory.
    shared: (cid) => void node.promise.then(async (made) => (await made.modules()).provide(cid)).catch(() => undefined),
    watchesOfOthers: async (watches) => new (await module).RemoteWatches(watches, await node.promise),
    sendHttp: async (...given) => (await import('./later.ts')).sendHttp(...given),
    mesh: {
      get aliases() {
        return router.aliases
      },
      hosts: async () =>
        [...new Set([...(await livingPeers()), ...peersWithProcesses(mesh)])].filter((id) => id !== peerId),
      procs: () => table.entries.map(({ record: { pid, root, methods, policy } }) => ({ pid, root, methods, policy })),
      listed: (peer, signal) => listingOf(peer, signal),
      resolve: (path, signal) => router.resolve(path, { signal }),
      serve: (stream) => router.serveStream(stream),
    },
  })
  const listingOf = async (peer: string, signal: AbortSignal): Promise<ListedProcess[]> =>
    (await listingOfSibling(peer, signal)) ?? (await (await mesh.started).listingOf(peer, signal))
  const env = createEnv(peerId, () => mesh, log)
  const trace = init.records ? new CallTrace() : undefined
  const procs = {
    get rootPid() {
      return table.rootPid
    },
    get: (pid: string): Proc | undefined => table.get(pid) ?? (pid === sys.pid ? sys : undefined),
  }
  const router: Router = new Router({
    env,
    procs,
    trace,
    openRemote: async (address, options) =>
      (await openSibling(address, options, mesh.node?.isConnected(address.host) ?? false)) ??
      (await mesh.started).open(address, options),
    rootOf: async (peer, { signal }) =>
      parsePid((await rootOfSibling(peer, signal)) ?? (await (await mesh.started).rootOf(peer, signal))),
  })
  const restore = async (): Promise<void> => {
    await table.restore()
    await table.ensureRoot(await rootModule)
  }
  const restored = restore()
  const traced =
    trace &&
    import('./later.ts').then(
      ({ TracedCalls }) =>
        new TracedCalls({
          trace,
          meter: router.meter,
          self: peerId,
          storage,
          slot,
          log,
          alive,
          table,
          mesh,
          createRecorder,
        }),
    )
  traced?.catch((thrown: unknown) => log.warn('the record of calls is not kept:', thrown))
  const people = new People({ storage, store, log, alive })
  const sys = createTabSys({ peerId, slot, table, store, people, log, router: () => router, restored, alive })
  const mesh: TabMesh = new TabMesh({
    ...init,
    people,
    module,
    identity,
    store,
    serveStream: router.serveStream,
    isServed: ({ proc, method }) => isServed(procs.get(proc), method),
    root: () => table.rootPid,
    listedTo: (peer) => table.listedTo(peer),
    traced: traced && (async (asker, id) => (await traced).tell(asker, id)),
    watched: (pid) => table.watched(pid),
    tellable: table,
    restored,
  })
  node.resolve(mesh.started)
  await restored
  // The page draws, or takes a click, before what follows.
  await nextTask()
  import('./log-keeper.ts')
    .then(({ LogKeeper }) => LogKeeper.start({ storage, slot, log, alive, entries: () => table.entries }))
    .then(
      (keeper) => (logs = keeper),
      (thrown: unknown) => log.warn('the logs of earlier pages are not there:', thrown),
    )
  return {
    slot,
    peerId,
    tier,
    table,
    router,
    listingOf,
    watches: async () => new (await module).AddressWatches({ router, table, node: node.promise }),
    http: httpLater({
      env,
      router,
      listed: () => table.listedTo('browser'),
      listingOf,
      peers: () => connectedPeers(mesh.node?.peers() ?? []),
    }),
    mesh,
    people,
    traced,
    stop: async () => {
      sys.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
      await table.stop()
      await sys.settled()
      await mesh.stop()
      store?.close()
    },
  }
}

function startWorker(url: string): Worker {
  return new Worker(trustedScriptUrl(url), { name: 'glia actor' })
}

/** Without a database (some private windows) the peer runs, and forgets everything when the page closes. */
async function openStore(name: string, log: Logger): Promise<Store | undefined> {
  try {
    return await Store.open(name, async (...given) => {
      const { StorageThread } = await import('./storage-thread.ts')
      return StorageThread.start(...given, log)
    })
  } catch (thrown) {
    if (!(thrown instanceof GliaError)) throw thrown
    log.warn('nothing will be kept across reloads:', thrown.message)
    return undefined
  }
}

/** The identity that is kept for the slot, or a new one, which is then kept. */
async function loadIdentity(slot: number, store: Store | undefined): Promise<SlotIdentity> {
  const kept = await store?.identity(slot)
  if (kept) {
    // An earlier version kept keys as bytes, which any script of the origin can read.
    const better = await sealed(kept)
    if (better) await store?.putIdentity(slot, better)
    return better ?? kept
  }
  const identity = await newIdentity()
  await store?.putIdentity(slot, identity)
  return identity
}

function createEnv(peerId: string, mesh: () => TabMesh, log: Logger): Env {
  return {
    log: () => log,
    localHost: () => ({ peerId, addrs: () => mesh().node?.addrs() ?? [] }),
    routing: () => ({
      findPeer: async (id, options) => (await mesh().started).routing.findPeer(id, options),
      provide: async (cid, options) => (await mesh().started).routing.provide(cid, options),
      async *findProviders(cid, options) {
        yield* (await mesh().started).routing.findProviders(cid, options)
      },
    }),
  }
}

/** Connected peers that can be called. */
function peersWithProcesses({ node }: TabMesh): string[] {
  return (node?.peers() ?? []).filter(({ link, processes }) => link !== 'none' && processes).map(({ peerId }) => peerId)
}

/** The HTTP API. Its code is loaded beside the first calls, which need none of it. */
function httpLater(init: HttpInit): HttpApi {
  const made = new LoadedOnce(async () => (await import('../glia/http/http.ts')).createHttp(init))
  void made.get()
  return async (request, options) => (await made.get())(request, options)
}
