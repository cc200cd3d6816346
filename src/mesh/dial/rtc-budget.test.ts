import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import {
  INBOUND_RTC_RATE,
  INBOUND_RTC_RATE_PER_PEER,
  MAX_INBOUND_PEER_CONNECTIONS,
  MAX_PEER_CONNECTIONS,
  SIGNALLING_PROTOCOL,
} from '../limits.ts'
import { RtcBudget } from './rtc-budget.ts'
import { glia, plainClient, whereIs } from '../test-nodes.ts'

test('a peer that dials by WebRTC again and again is answered a few times, and then reset', async () => {
  const node = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  let answered = 0
  await node.mesh.libp2p.handle(SIGNALLING_PROTOCOL, () => {
    answered += 1
  })
  const dial = async (times: number): Promise<void> => {
    const client = await plainClient()
    const connection = await client.dial(multiaddr(whereIs(node)))
    // A refused dial may be reset before it is here.
    for (let i = 0; i < times; i++) await connection.newStream(SIGNALLING_PROTOCOL).catch(() => undefined)
  }
  await dial(30)
  await expect.poll(() => node.mesh.rtcCounts.inbound + node.mesh.rtcCounts.refused).toBe(30)
  const { burst } = INBOUND_RTC_RATE_PER_PEER
  expect([answered, node.mesh.rtcCounts]).toEqual([burst, { own: 0, inbound: burst, refused: 30 - burst }])
  // The limit of one peer does not concern another.
  await dial(1)
  await expect.poll(() => answered).toBe(burst + 1)
})

test('many peer ids share a rate, and never get all that a page may make', () => {
  const budget = new RtcBudget()
  let admitted = 0
  for (let i = 0; i < 1000; i++) if (budget.admits(`peer ${i}`)) admitted += 1
  expect(admitted).toBe(INBOUND_RTC_RATE.burst)
  expect(MAX_INBOUND_PEER_CONNECTIONS).toBeLessThan(MAX_PEER_CONNECTIONS - 100)
  expect(budget.isSpent).toBe(false)
  for (let i = 0; i < MAX_PEER_CONNECTIONS - admitted; i++) expect(budget.takes()).toBe(true)
  expect([budget.isSpent, budget.takes()]).toEqual([true, false])
})
