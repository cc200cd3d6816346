import { expect, test } from 'vitest'
import { echo, makeProc, send } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { glia, join, relay } from '../test-nodes.ts'

test('what a peer has sent over a connection is what the other has got, over a relay too', async () => {
  const { proc } = makeProc(() => echo)
  const [hub, caller, callee] = await Promise.all([relay(), glia(), glia([proc])])
  await join(hub, caller, callee)
  const call = async (length: number): Promise<void> => {
    const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser' })
    await send(stream, new Uint8Array(length))
    await readAll(stream)
  }
  await call(1)
  const carried = async (from: typeof caller, to: typeof caller) =>
    (await from.mesh.connections()).find(({ peerId }) => peerId === to.peerId)
  const [before, beforeThere] = [await carried(caller, callee), await carried(callee, caller)]
  expect(before?.address).toContain('/p2p-circuit/')
  await call(100_000)
  const [after, there] = [await carried(caller, callee), await carried(callee, caller)]
  const sent = (after?.bytesOut ?? NaN) - (before?.bytesOut ?? NaN)
  expect(sent).toBeGreaterThan(100_000)
  expect(sent).toBeLessThan(110_000)
  // A ping may be under way.
  expect(Math.abs((there?.bytesIn ?? NaN) - (beforeThere?.bytesIn ?? NaN) - sent)).toBeLessThan(1000)
  expect((await carried(caller, hub))?.bytesOut).toBeGreaterThan(100_000)
  expect(after?.id).toBe(before?.id)
})
