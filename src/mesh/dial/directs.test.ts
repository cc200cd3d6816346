import type { Libp2p } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Directs } from './directs.ts'
import { MAX_PEER_CONNECTIONS } from '../limits.ts'
import { RtcBudget } from './rtc-budget.ts'
import { glia, join, relay, type TestNode } from '../test-nodes.ts'

// Node has no RTCPeerConnection. It only has to exist: no dial comes so far.
const rtc = globalThis as { RTCPeerConnection?: unknown }
beforeAll(() => void (rtc.RTCPeerConnection = () => undefined))
afterAll(() => void delete rtc.RTCPeerConnection)

test('direct connections that are made at once share what is left of those that a page may make', async () => {
  const [hub, me, ...peers] = await Promise.all([relay(), glia(), glia(), glia()])
  await join(hub, me, ...peers)
  const { libp2p } = me.mesh
  const budget = new RtcBudget()
  while (budget.counts.own < MAX_PEER_CONNECTIONS - 1) budget.takes()
  let dials = 0
  const counting = new Proxy(libp2p, {
    get: (target, key: keyof Libp2p) => {
      if (key === 'dial') dials += 1
      const value: unknown = target[key]
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const settled: unknown[] = []
  const directs = new Directs({
    libp2p: counting,
    rtc: budget,
    log: { debug: (...said) => void settled.push(said), info: () => undefined, warn: () => undefined },
    callsOn: () => 0,
    usedAt: () => 0,
    reach: async () => Promise.reject(new Error('not asked')),
  })
  await Promise.all(peers.map(({ peerId }: TestNode) => me.mesh.connect(peerId)))
  const relayed = libp2p
    .getConnections()
    .filter(({ remotePeer }) => peers.some(({ peerId }) => peerId === remotePeer.toString()))
  expect(relayed).toHaveLength(2)
  for (const connection of relayed) directs.want(connection.remotePeer.toString(), connection)
  // One attempt was made and logged, and no further one is possible.
  await expect.poll(() => settled.length).toBe(1)
  expect([dials, budget.counts.own]).toEqual([1, MAX_PEER_CONNECTIONS])
})
