import { expect, test } from 'vitest'
import type { Proc } from '../../glia/process/proc.ts'
import { echo, makeProc, send, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { reservationsOf } from '../../node/relay/relay.ts'
import { glia, join, relay, reserved, type TestNode, whereIs } from '../test-nodes.ts'

async function call(from: TestNode, to: TestNode, proc: Proc): Promise<string> {
  const stream = from.router.open(to.addressOf(proc), { caller: 'browser' })
  await send(stream, 'hello')
  return text(await readAll(stream))
}

test('a peer that finds the relay full calls others through it, says so, and gets the first place that is free', async () => {
  const { proc } = makeProc(() => echo)
  const [hub, first, second, late] = await Promise.all([
    relay({ reservations: { maxReservations: 2 } }),
    glia([proc]),
    glia([proc]),
    glia([proc]),
  ])
  await join(hub, first, second)
  late.mesh.useRelays([whereIs(hub)])
  await expect.poll(() => late.mesh.relays()[0], { timeout: 10_000 }).toMatchObject({ state: 'refused' })
  expect(late.mesh.relays()[0]?.error).toMatch(/^The relay at 127\.0\.0\.1:\d+ is full\.$/)
  expect(await call(late, first, proc)).toBe('hello')
  expect(await call(late, second, proc)).toBe('hello')
  // Over the connection that the first call made.
  expect(await call(first, late, proc)).toBe('hello')
  await first.mesh.stop()
  reservationsOf(hub.mesh.libp2p).get(first.mesh.libp2p.peerId)?.signal.reset(0)
  late.mesh.rejoin()
  await reserved(late)
  expect(late.mesh.relays()[0]?.error).toBeUndefined()
})

test('a peer calls through the relay that has room, and through the one that has none', async () => {
  const { proc } = makeProc(() => echo)
  const [full, open] = await Promise.all([relay({ reservations: { maxReservations: 1 } }), relay()])
  const [atFull, atOpen, caller] = await Promise.all([glia([proc]), glia([proc]), glia()])
  await Promise.all([join(full, atFull), join(open, atOpen)])
  caller.mesh.useRelays([whereIs(full), whereIs(open)])
  const states = (): string[] => caller.mesh.relays().map(({ state }) => state)
  await expect.poll(() => states().toSorted(), { timeout: 10_000 }).toEqual(['refused', 'reserved'])
  for (const callee of [atFull, atOpen]) expect(await call(caller, callee, proc)).toBe('hello')
})

test('a peer calls others before its relay has answered its request for a reservation', async () => {
  const { proc } = makeProc(() => echo)
  const asked = Promise.withResolvers<string>()
  const refused = Promise.withResolvers<boolean>()
  const [hub, callee, caller] = await Promise.all([
    relay({
      connectionGater: {
        denyInboundRelayReservation: (peer) => {
          if (peer.toString() !== caller.peerId) return false
          asked.resolve(peer.toString())
          return refused.promise
        },
      },
    }),
    glia([proc]),
    glia(),
  ])
  await join(hub, callee)
  caller.mesh.useRelays([whereIs(hub)])
  await asked.promise
  expect(await call(caller, callee, proc)).toBe('hello')
  expect(caller.mesh.relays()[0]?.state).toBe('connecting')
  refused.resolve(false)
  await reserved(caller)
})
