// For tests: real libp2p nodes on loopback.
import { SILENT } from '../glia/log.ts'
import { circuitRelayServer, circuitRelayTransport, type ServerReservationStoreInit } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { afterEach, expect } from 'vitest'
import type { Address } from '../glia/address.ts'
import { isServed } from '../glia/process/admit.ts'
import type { Env } from '../glia/env.ts'
import { listingFor } from '../glia/listing.ts'
import type { Proc } from '../glia/process/proc.ts'
import { Router } from '../glia/router.ts'
import { answerTrace } from '../glia/trace/answer-trace.ts'
import type { CallTrace } from '../glia/trace/call-trace.ts'
import { newIdentity, type Identity } from './libp2p/identity.ts'
import { type MeshInit, MeshNode, type Platform } from './node.ts'
import { dht } from './presence/dht.ts'
import { Roster } from './presence/roster.ts'

const running: { stop(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()))
})

export interface TestNode {
  mesh: MeshNode
  router: Router
  peerId: string
  addressOf(proc: Proc, method?: string): Address
}

/** A peer of Glia with these processes; the first is its root. It is stopped after the test. */
export async function glia(...given: Parameters<typeof startNode>): Promise<TestNode> {
  const node = await startNode(...given)
  running.push(node.mesh)
  return node
}

/** The same peer. Whoever starts it stops it. */
export async function startNode(
  procs: readonly Proc[] = [],
  given: Partial<Platform> = {},
  identity?: Identity,
  {
    trace,
    ...init
  }: Partial<Pick<MeshInit, 'silenceMs' | 'tellable' | 'watched' | 'name' | 'isBlocked'>> & { trace?: CallTrace } = {},
): Promise<TestNode> {
  const me = identity ?? (await newIdentity())
  const find = (pid: string): Proc | undefined => procs.find((proc) => proc.pid === pid)
  const root = procs[0]?.pid ?? ''
  const mesh = await MeshNode.create({
    watched: find,
    ...init,
    identity: me,
    log: SILENT,
    serveStream: (stream) => router.serveStream(stream),
    isServed: ({ proc, method }) => isServed(find(proc), method),
    root: () => root,
    listedTo: (peer) => listingFor(peer, procs),
    traced: trace && (async (asker, id) => answerTrace(asker, id, { self: me.peerId, procs: { get: find }, trace })),
    platform: { transports: [tcp(), circuitRelayTransport()], listen: [], reserves: true, ...given },
  })
  const env: Env = {
    log: () => SILENT,
    localHost: () => ({ peerId: me.peerId, addrs: () => mesh.addrs() }),
    routing: () => mesh.routing,
  }
  const router: Router = new Router({
    env,
    procs: { get: find, rootPid: root as Proc['pid'] },
    openRemote: (address, options) => mesh.open(address, options),
    trace,
  })
  return {
    mesh,
    router,
    peerId: me.peerId,
    addressOf: (proc, method = 'run') => ({ host: me.peerId, proc: proc.pid, method }),
  }
}

export interface RelayOptions extends Partial<Platform> {
  /** 0: any. */
  port?: number
  identity?: Identity
  reservations?: ServerReservationStoreInit
}

/** A relay like the one of `npm start`. */
export async function relay({ port = 0, identity, reservations, ...platform }: RelayOptions = {}): Promise<TestNode> {
  return glia(
    [],
    {
      listen: [`/ip4/127.0.0.1/tcp/${port}`],
      reserves: false,
      hub: true,
      roster: (init) => new Roster(init),
      connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 1000 },
      services: {
        relay: circuitRelayServer({
          reservations: { maxReservations: 100, applyDefaultLimit: false, ...reservations },
        }),
        dht: dht({ clientMode: false }),
      },
      ...platform,
    },
    identity,
  )
}

/** Makes nodes join a relay. Resolves when all have a reservation there. */
export async function join(hub: TestNode, ...nodes: readonly TestNode[]): Promise<void> {
  for (const { mesh } of nodes) mesh.useRelays([whereIs(hub)])
  await Promise.all(nodes.map(reserved))
}

/** Resolves when a node has a reservation at all of its relays. */
export async function reserved({ mesh }: TestNode): Promise<void> {
  await expect
    .poll(() => mesh.relays().map(({ state, error }) => (state === 'reserved' ? state : [state, error])))
    .toEqual(mesh.relays().map(() => 'reserved'))
}

/** Two peers that have joined a relay: one that calls, and one with a process. */
export async function joinedPair(proc: Proc): Promise<{ caller: TestNode; callee: TestNode }> {
  const [hub, caller, callee] = await Promise.all([relay(), glia(), glia([proc])])
  await join(hub, caller, callee)
  return { caller, callee }
}

/** A libp2p client without Glia. */
export async function plainClient(init: Libp2pOptions = {}): Promise<Libp2p> {
  const client = await createLibp2p({
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
    ...init,
  })
  running.push({ stop: async () => client.stop() })
  return client
}

/** An address of a node, with its peer id. */
export function whereIs({ mesh }: TestNode): string {
  const [address] = mesh.addrs()
  if (address === undefined) throw new Error('the node listens nowhere')
  return address
}
