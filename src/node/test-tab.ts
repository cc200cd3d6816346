// For tests: peers as tabs are, in Node. They join relays by WebSocket, and are reached through them.
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webSockets } from '@libp2p/websockets'
import type { Proc } from '../glia/proc.ts'
import { Router } from '../glia/router.ts'
import { newIdentity } from '../mesh/identity.ts'
import { MeshNode } from '../mesh/node.ts'
import { silentLog } from './test-server.ts'
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import './websocket.ts'

/** Starts one with a process, which is its root. It reserves at the relays as soon as it can. */
export async function startTab(proc: Proc, relays: readonly string[]): Promise<MeshNode> {
  const identity = await newIdentity()
  const router: Router = new Router({
    env: {
      log: () => silentLog,
      localHost: () => ({ peerId: identity.peerId, addrs: () => mesh.addrs() }),
      routing: () => mesh.routing,
    },
    procs: { rootPid: proc.pid, get: (pid) => (pid === proc.pid ? proc : undefined) },
    openRemote: (address, options) => mesh.open(address, options),
  })
  const mesh: MeshNode = await MeshNode.create({
    identity,
    log: silentLog,
    serve: (stream) => router.serveStream(stream),
    serves: (address) => address.proc === proc.pid && proc.methods.includes(address.method),
    root: () => proc.pid,
    platform: { transports: [webSockets(), circuitRelayTransport()], listen: [], reserves: true },
  })
  mesh.useRelays(relays)
  return mesh
}
