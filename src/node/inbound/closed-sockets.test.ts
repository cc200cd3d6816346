import type { Connection } from '@libp2p/interface'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webSockets } from '@libp2p/websockets'
import { expect, test } from 'vitest'
import { closingSockets } from '../../mesh/patches/closing-sockets.ts'
import { glia, type TestNode, whereIs } from '../../mesh/test-nodes.ts'
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import '../patches/dialled-sockets.ts'

function node(listen: string[]): Promise<TestNode> {
  return glia([], { transports: [closingSockets(webSockets()), circuitRelayTransport()], listen, reserves: false })
}

/** Both ends of a connection by WebSocket. */
async function pair(): Promise<{ dialler: Connection; listener: Connection }> {
  const [hub, tab] = await Promise.all([node(['/ip4/127.0.0.1/tcp/0/ws']), node([])])
  await tab.mesh.connect(whereIs(hub))
  const listeners = (): Connection[] => hub.mesh.libp2p.getConnections(tab.mesh.libp2p.peerId)
  await expect.poll(listeners).toHaveLength(1)
  const [dialler] = tab.mesh.libp2p.getConnections(hub.mesh.libp2p.peerId)
  const [listener] = listeners()
  if (!dialler || !listener) throw new Error('they are not connected')
  return { dialler, listener }
}

test('a connection by WebSocket that one side aborts ends at the other side, whichever it is', async () => {
  for (const first of ['dialler', 'listener'] as const) {
    const ends = await pair()
    ends[first].abort(new Error('no answer'))
    const other = first === 'dialler' ? ends.listener : ends.dialler
    await expect.poll(() => other.status, { message: first }).not.toBe('open')
  }
})
