import type { Connection, Libp2p } from '@libp2p/interface'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SILENT } from '../../glia/log.ts'
import { Directs } from './directs.ts'
import { DIRECT_KEPT_MS, DIRECT_SPARE_MS, DISCOVERED_DIRECT, MAX_DIRECT, MAX_PEER_CONNECTIONS } from '../limits.ts'
import { RtcBudget } from './rtc-budget.ts'
import { glia, join, relay, type TestNode } from '../test-nodes.ts'

// Node has no RTCPeerConnection. It only has to exist: no dial comes so far.
const rtc = globalThis as { RTCPeerConnection?: unknown }
beforeEach(() => void (rtc.RTCPeerConnection = () => undefined))
afterEach(() => {
  delete rtc.RTCPeerConnection
  vi.useRealTimers()
})

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
    beginAfterMs: 0,
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

const RELAY = '/dns4/relay.example/tcp/443/wss/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

interface TestConnection extends Connection {
  status: Connection['status']
}

/** The peers around a page, by WebRTC and over a relay. Node has no WebRTC, so the test says what becomes of a dial. */
async function page({ beginAfterMs = 0 } = {}) {
  vi.useFakeTimers()
  const ids = (await Promise.all(Array.from({ length: 14 }, () => generateKeyPair('Ed25519'))))
    .map((key) => peerIdFromPrivateKey(key))
    .sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
  const [lowest, me, ...peers] = ids as [(typeof ids)[0], ...typeof ids]
  const connections: TestConnection[] = []
  const dials: { peer: string; address: string; succeed(): void; fail(): void }[] = []
  const calls = new Map<Connection, { count?: number; usedAt?: number }>()
  const reached: string[] = []
  const connect = (peer: string, way: string): TestConnection => {
    const connection = {
      status: 'open',
      remotePeer: ids.find((id) => id.toString() === peer),
      remoteAddr: multiaddr(`${RELAY}/p2p-circuit${way}/p2p/${peer}`),
      timeline: { open: Date.now() },
      close: async () => {
        connection.status = 'closing'
      },
    } as TestConnection
    connections.push(connection)
    return connection
  }
  const direct = (peer: string) => connect(peer, '/webrtc')
  const relayed = (peer: string) => connect(peer, '')
  const libp2p = {
    peerId: me,
    getConnections: () => connections,
    dial: async (address: Multiaddr) => {
      const { promise, resolve, reject } = Promise.withResolvers<Connection>()
      const peer = address.toString().split('/').at(-1) ?? ''
      const succeed = (): void => {
        const made = direct(peer)
        directs.opened(made)
        resolve(made)
      }
      dials.push({ peer, address: address.toString(), succeed, fail: () => reject(new Error('no answer')) })
      return promise
    },
  }
  const directs: Directs = new Directs({
    libp2p: libp2p as unknown as Libp2p,
    rtc: new RtcBudget(),
    log: SILENT,
    beginAfterMs,
    callsOn: (connection) => calls.get(connection)?.count ?? 0,
    usedAt: (connection) => calls.get(connection)?.usedAt ?? 0,
    reach: async (peer) => {
      reached.push(peer)
      return relayed(peer)
    },
  })
  /** Lets the last dials fail. */
  const fail = async (): Promise<void> => {
    for (const dial of dials) dial.fail()
    await vi.advanceTimersByTimeAsync(0)
  }
  const failAll = async (): Promise<void> => {
    for (let before = -1; before !== dials.length;) {
      before = dials.length
      // oxlint-disable-next-line no-await-in-loop -- one attempt follows the other
      await fail()
    }
  }
  const isOpen = ({ status }: Connection): boolean => status === 'open'
  return {
    directs,
    dials,
    calls,
    reached,
    direct,
    relayed,
    fail,
    failAll,
    isOpen,
    lowest: String(lowest),
    peers: peers.map(String),
  }
}

describe('a direct connection to a peer that is called', () => {
  test('is made by signalling over the relay of the relayed one, once at a time', async () => {
    const { directs, dials, relayed, direct, peers } = await page()
    const [one = '', other = ''] = peers
    directs.want(one, relayed(one))
    directs.want(one, relayed(one))
    expect(dials.map(({ address }) => address)).toEqual([`${RELAY}/p2p-circuit/webrtc/p2p/${one}`])
    directs.want(other, direct(other))
    expect(dials).toHaveLength(1)
  })

  test('leaves the page to the first call over the relay, and is not begun if the relayed one is lost meanwhile', async () => {
    const { directs, dials, relayed, peers } = await page({ beginAfterMs: 250 })
    const [one = '', other = ''] = peers
    const lost = relayed(other)
    directs.want(one, relayed(one))
    directs.want(other, lost)
    await vi.advanceTimersByTimeAsync(249)
    expect(dials).toEqual([])
    lost.status = 'closed'
    await vi.advanceTimersByTimeAsync(1)
    expect(dials.map(({ peer }) => peer)).toEqual([one])
  })

  test('is tried three times, and then left alone for twice as long after each failure', async () => {
    const { directs, dials, relayed, failAll, peers } = await page()
    const [one = ''] = peers
    const connection = relayed(one)
    const tries = async (): Promise<number> => {
      const before = dials.length
      directs.want(one, connection)
      await failAll()
      return dials.length - before
    }
    expect(await tries()).toBe(3)
    // A wait is up to a third shorter than 30 s, then 60 s.
    await vi.advanceTimersByTimeAsync(19_000)
    expect(await tries()).toBe(0)
    await vi.advanceTimersByTimeAsync(11_000)
    expect(await tries()).toBe(3)
    await vi.advanceTimersByTimeAsync(39_000)
    expect(await tries()).toBe(0)
    await vi.advanceTimersByTimeAsync(21_000)
    expect(await tries()).toBe(3)
  })

  test('is not tried again when the relayed one is lost, or when the peer has made one meanwhile', async () => {
    const { directs, dials, relayed, direct, fail, peers } = await page()
    const [one = '', other = ''] = peers
    const lost = relayed(one)
    directs.want(one, lost)
    directs.want(other, relayed(other))
    lost.status = 'closed'
    const theirs = direct(other)
    await fail()
    expect(dials).toHaveLength(2)
    // The second one is no failure: it may be tried at any time.
    theirs.status = 'closed'
    directs.want(other, relayed(other))
    expect(dials).toHaveLength(3)
  })

  test('two are in the making at most, and a third is for a later call', async () => {
    const { directs, dials, relayed, fail, peers } = await page()
    const [one = '', two = '', three = ''] = peers
    for (const peer of [one, two, three]) directs.want(peer, relayed(peer))
    expect(dials.map(({ peer }) => peer)).toEqual([one, two])
    dials[0]?.succeed()
    await fail()
    directs.want(three, relayed(three))
    expect(dials.filter(({ peer }) => peer === three)).toHaveLength(1)
  })

  test('takes the place of one that had no call for a minute, and of no other', async () => {
    const { directs, dials, relayed, direct, calls, isOpen, peers } = await page()
    const made = peers.slice(0, MAX_DIRECT).map(direct)
    const [busy, used, idle] = made
    const next = peers[MAX_DIRECT] ?? ''
    if (!busy || !used || !idle) throw new Error('there are too few')
    for (const connection of made) calls.set(connection, { count: 1 })
    directs.want(next, relayed(next))
    await vi.advanceTimersByTimeAsync(DIRECT_KEPT_MS + 1)
    calls.set(used, { usedAt: Date.now() - DIRECT_KEPT_MS })
    directs.want(next, relayed(next))
    expect([dials.length, made.filter(isOpen).length]).toEqual([0, MAX_DIRECT])
    calls.delete(idle)
    directs.want(next, relayed(next))
    expect(dials.map(({ peer }) => peer)).toEqual([next])
    expect(made.filter((each) => !isOpen(each))).toEqual([idle])
  })
})

describe('connections past the limit', () => {
  test('are closed, those that had no call for longest first; not busy ones, new ones, and the one that just came', async () => {
    const { directs, direct, calls, isOpen, peers } = await page()
    const made = peers.slice(0, MAX_DIRECT + 3).map(direct)
    directs.trim()
    expect(made.every(isOpen)).toBe(true)
    const [busy, used, newest] = made
    if (!busy || !used || !newest) throw new Error('there are too few')
    await vi.advanceTimersByTimeAsync(DIRECT_SPARE_MS + 1)
    calls.set(busy, { count: 1 })
    calls.set(used, { usedAt: Date.now() - 1 })
    // The later it was made, the longer it had no call.
    await vi.advanceTimersByTimeAsync(DIRECT_SPARE_MS)
    made.slice(3).forEach((each, at) => calls.set(each, { usedAt: Date.now() - DIRECT_SPARE_MS - 1 - at }))
    calls.set(used, { usedAt: Date.now() - 1 })
    directs.opened(newest)
    expect(made.filter((each) => !isOpen(each))).toEqual(made.slice(-3))
    directs.trim()
    expect(made.filter(isOpen)).toHaveLength(MAX_DIRECT)
  })

  test('are not made anew at once', async () => {
    const { directs, dials, relayed, direct, isOpen, peers } = await page()
    const made = peers.slice(0, MAX_DIRECT + 1).map(direct)
    await vi.advanceTimersByTimeAsync(DIRECT_SPARE_MS + 1)
    directs.trim()
    const closed = made.find((each) => !isOpen(each))?.remotePeer.toString() ?? ''
    for (const each of made) each.status = 'closed'
    await vi.advanceTimersByTimeAsync(DIRECT_KEPT_MS / 4)
    directs.want(closed, relayed(closed))
    expect(dials).toEqual([])
  })
})

describe('a peer that was announced', () => {
  test('is met at once by the side with the lower id, and after some seconds by the other', async () => {
    const { directs, dials, reached, lowest, peers } = await page()
    const [higher = ''] = peers
    directs.meet(higher)
    directs.meet(lowest)
    await vi.advanceTimersByTimeAsync(2900)
    expect([reached, dials.map(({ peer }) => peer)]).toEqual([[higher], [higher]])
    await vi.advanceTimersByTimeAsync(2200)
    expect(dials.map(({ peer }) => peer)).toEqual([higher, lowest])
  })

  test('is not met where there are enough connections, or one to it', async () => {
    const { directs, direct, reached, lowest, peers } = await page()
    const [one = '', ...others] = peers
    directs.meet(lowest)
    direct(lowest)
    direct(one)
    directs.meet(one)
    await vi.advanceTimersByTimeAsync(6000)
    expect(reached).toEqual([lowest])
    for (const peer of others.slice(0, DISCOVERED_DIRECT - 2)) direct(peer)
    directs.meet(others[5] ?? '')
    await vi.advanceTimersByTimeAsync(6000)
    expect(reached).toEqual([lowest])
  })

  test('and is not reachable, or was disconnected by somebody, is left alone for a while', async () => {
    const { directs, relayed, dials, peers } = await page()
    const [one = ''] = peers
    directs.shun(one)
    directs.want(one, relayed(one))
    directs.meet(one)
    expect(dials).toEqual([])
    await vi.advanceTimersByTimeAsync(30_000)
    directs.want(one, relayed(one))
    expect(dials).toHaveLength(1)
  })
})

test('of very many peers that failed, those that failed last are remembered', async () => {
  const { directs, dials, relayed, peers } = await page()
  const [one = '', other = ''] = peers
  directs.shun(other)
  directs.shun(one)
  for (let i = 0; i < 998; i++) directs.shun(`made up ${i}`)
  directs.shun(other)
  directs.want(one, relayed(one))
  expect(dials).toEqual([])
  directs.shun('one more')
  for (const peer of [other, one]) directs.want(peer, relayed(peer))
  expect(dials.map(({ peer }) => peer)).toEqual([one])
})

test('that none is possible is said without WebRTC, and after a failure until one has worked', async () => {
  const { directs, dials, relayed, failAll, direct, peers } = await page()
  const [one = '', other = ''] = peers
  expect(directs.impossible).toBe(false)
  directs.want(one, relayed(one))
  await failAll()
  expect(directs.impossible).toBe(true)
  directs.opened(direct(other))
  expect(directs.impossible).toBe(false)
  delete rtc.RTCPeerConnection
  expect(directs.impossible).toBe(true)
  const before = dials.length
  directs.want(other, relayed(other))
  directs.meet(other)
  expect(dials).toHaveLength(before)
})
