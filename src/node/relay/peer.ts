import { multiaddr } from '@multiformats/multiaddr'
import { isServed } from '../../glia/process/admit.ts'
import { GliaError } from '../../glia/errors.ts'
import type { ConnectedPeer } from '../../glia/http/http.ts'
import type { ListedProcess } from '../../glia/listing.ts'
import type { Env } from '../../glia/env.ts'
import type { Logger } from '../../glia/log.ts'
import { parsePid, type Pid } from '../../glia/pid.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { Router } from '../../glia/router.ts'
import { peerOf, withPeer } from '../../mesh/dial/addresses.ts'
import { MeshNode } from '../../mesh/node.ts'
import type { KeptData } from '../data/data-dir.ts'
import { ConnectionGuard } from '../inbound/connection-guard.ts'
import { CIRCUITS_SHARE } from '../limits.ts'
import type { ServerMetrics } from '../metrics/metrics.ts'
import type { OwnNames } from '../http/own-names.ts'
import { connectedPeers } from '../../mesh/presence/peer-info.ts'
import { UsageError } from '../option-values.ts'
import { dropReservationsOfTheGone } from '../patches/gone-reservations.ts'
import { relayPlatform } from './relay.ts'
import { RelayGuard } from './relay-guard.ts'
import { RelayReport } from './relay-report.ts'
import { type Host, type HostInit, startHost } from '../host/host.ts'
import { createRoot } from '../root/root-process.ts'

export interface PeerInit extends KeptData {
  readonly host: string
  readonly ws: number
  readonly tcp: number
  readonly announce: readonly string[]
  /** What this peer calls itself; empty: it has no name. */
  readonly name: string
  readonly relays: readonly string[]
  /** Reservations that one address may have. Other quotas are in proportion to it. */
  readonly perAddress: number
  readonly circuits: number
  readonly circuitBytes: number | undefined
  readonly relayFor: 'glia' | 'any'
  /** Left out: this server runs its root process, and no other. */
  readonly actors: Pick<HostInit, 'store' | 'owners' | 'maxBodyBytes' | 'liveLimit'> | undefined
  readonly rootModule: Uint8Array<ArrayBuffer>
  readonly workerScript: URL
  readonly metrics: ServerMetrics
  /** Decides which pages may use the port for browsers. */
  readonly names: OwnNames
  readonly log: Logger
}

/** The parts that make this server a peer of the mesh. */
export interface Peer {
  readonly env: Env
  /** That of the root process, which a host may have kept under another one than the given. */
  readonly rootPid: Pid
  readonly router: Router
  readonly mesh: MeshNode
  /** The processes that the gateway lists. */
  listed(): readonly ListedProcess[]
  /** The connected peers. */
  peers(): readonly ConnectedPeer[]
  /**
   * Takes no new calls, and lets the actors end the messages that run or wait. Those that are left after the time, in ms,
   * fail with a reason.
   */
  drain(limitMs: number): Promise<void>
  /** Ends the root process and all connections. */
  stop(): Promise<void>
}

/**
 * Starts the peer: a relay, a part of the DHT, one process, and the router through which the gateway calls.
 * @throws {UsageError} if an announced address cannot be this peer's, or a relay's address is this peer's own
 */
export async function startPeer(init: PeerInit): Promise<Peer> {
  const { identity, log, metrics } = init
  checkAddresses(init)
  const node = Promise.withResolvers<MeshNode>()
  const parts = {
    ...init,
    peerId: identity.peerId,
    router: () => router,
    mesh: () => mesh,
    ready: node.promise,
    // Links name this peer, so nobody waits for the directory.
    shared: (cid: string) =>
      void node.promise.then(async (made) => (await made.modules()).provide(cid)).catch(() => undefined),
  }
  const processes = init.actors ? await startHost({ ...parts, ...init.actors }) : await rootOnly(parts)
  const { rootPid } = processes
  const procs = { rootPid, get: (pid: string): Proc | undefined => processes.get(pid) }
  const env: Env = {
    log: () => log,
    localHost: () => ({ peerId: identity.peerId, addrs: () => mesh.addrs() }),
    routing: () => mesh.routing,
  }
  const router: Router = new Router({
    env,
    procs,
    openRemote: (address, options) => mesh.open(address, options),
    rootOf: async (peer, { signal }) => parsePid(await mesh.rootOf(peer, signal)),
  })
  const report = new RelayReport(log)
  let isThere = false
  const mesh: MeshNode = await MeshNode.create({
    identity,
    log,
    serveStream: router.serveStream,
    isServed: ({ proc, method }) => isServed(procs.get(proc), method),
    root: () => rootPid,
    watched: (pid) => processes.watched(pid),
    listedTo: (peer) => processes.listedTo(peer),
    name: () => init.name,
    tellable: processes.tellable,
    changed: () => isThere && report.update(mesh.relays()),
    platform: relayPlatform({
      ...init,
      announce: init.announce.map((address) => withPeer(multiaddr(address), identity.peerId).toString()),
      metrics: metrics.libp2p,
      observer: metrics,
      connectionGuard: new ConnectionGuard({
        connectionsPerNetwork: 2 * init.perAddress,
        handshakesPerNetwork: init.perAddress,
        observer: metrics,
      }),
      guard: new RelayGuard({
        ...init,
        reservationsPerNetwork: init.perAddress,
        circuitsPerNetwork: Math.ceil(init.circuits * CIRCUITS_SHARE),
        observer: metrics,
      }),
    }),
  })
  node.resolve(mesh)
  metrics.observe(mesh.libp2p)
  const root = processes.get(rootPid)
  // Actors come and go, and their names are not unique: `glia ps` tells of them.
  metrics.observeCalls(router, root ? [root] : [])
  dropReservationsOfTheGone(mesh.libp2p)
  mesh.libp2p.addEventListener('peer:connect', ({ detail }) => log.info('A peer joined', { peer: detail.toString() }))
  mesh.libp2p.addEventListener('peer:disconnect', ({ detail }) => log.info('A peer left', { peer: detail.toString() }))
  isThere = true
  mesh.useRelays(init.relays)
  return {
    env,
    rootPid,
    router,
    mesh,
    listed: () => [...(root ? [listedRoot(root)] : []), ...processes.listedTo(identity.peerId)],
    peers: () => connectedPeers(mesh.peers()),
    async drain(limitMs) {
      router.refuse(new GliaError('ERR_PROC_STOPPED', 'This host is about to stop. Send the message again later.'))
      await processes.settle(AbortSignal.timeout(limitMs))
      await processes.stop()
    },
    stop: async () => {
      await processes.stop()
      await mesh.stop()
    },
  }
}

/** The processes of a server that hosts none. */
async function rootOnly(init: PeerInit & { peerId: string }): Promise<Host> {
  const root = await createRoot({ ...init, pid: init.rootPid, module: init.rootModule })
  const get = (pid: string): Proc | undefined => (pid === init.rootPid ? root : undefined)
  return {
    rootPid: init.rootPid,
    get,
    watched: get,
    listedTo: () => [],
    // A root process answers at once.
    settle: async () => undefined,
    stop: async () => root.close(new GliaError('ERR_PROC_STOPPED', 'The server was stopped.')),
  }
}

function listedRoot({ pid, name, methods }: Proc): ListedProcess {
  return { pid, name, methods }
}

/** A peer id in an announced address has to be this peer's. A peer id in a relay's address has to be another's. */
function checkAddresses({ announce, relays, identity: { peerId } }: PeerInit): void {
  for (const address of announce) {
    if ((peerOf(multiaddr(address)) ?? peerId) === peerId) continue
    throw new UsageError(`--announce ${address} ends with another peer's id: this one is ${peerId}.`)
  }
  for (const address of relays) {
    if (peerOf(multiaddr(address)) !== peerId) continue
    throw new UsageError(`--relay ${address} is this relay itself: give the other a folder of its own with --data DIR.`)
  }
}
