// For tests: peers like tabs, in Node. They join relays by WebSocket, and are reached through them.
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webSockets } from '@libp2p/websockets'
import type { Proc } from '../glia/process/proc.ts'
import type { MeshNode } from '../mesh/node.ts'
import { closingSockets } from '../mesh/patches/closing-sockets.ts'
import { startNode } from '../mesh/test-nodes.ts'
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import './patches/dialled-sockets.ts'

/** Starts one with a process, which is its root. It reserves at the relays as soon as it can. */
export async function startTab(proc: Proc, relays: readonly string[]): Promise<MeshNode> {
  const { mesh } = await startNode([proc], { transports: [closingSockets(webSockets()), circuitRelayTransport()] })
  mesh.useRelays(relays)
  return mesh
}
