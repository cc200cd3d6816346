import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test } from 'vitest'
import { newIdentity } from '../libp2p/identity.ts'
import { HIDDEN_RETRY_MS, RELAY_RETRY_MS } from '../limits.ts'
import { Pulses } from '../presence/pulses.ts'
import { KeptRelay, type Reserver } from './kept-relay.ts'
import { glia, relay, type TestNode, whereIs } from '../test-nodes.ts'

const kept: KeptRelay[] = []

afterEach(() => kept.splice(0).forEach((one) => one.stop()))

interface Keep {
  address: string
  reserver?: Reserver | undefined
  hidden?: boolean
  peer?: TestNode
}

/** Has a real peer keep a relay, and notes each state. */
async function keep({ address, reserver, hidden = false, peer }: Keep) {
  const { mesh } = peer ?? (await glia())
  const states: string[] = []
  const made: { one?: KeptRelay } = {}
  const one = new KeptRelay({
    libp2p: mesh.libp2p,
    address: multiaddr(address),
    pulses: new Pulses({ hidden: () => hidden }),
    reserver,
    // The first one is told before there is an object.
    attend: () => () => undefined,
    changed: () => states.push(made.one?.info.state ?? 'connecting'),
  })
  made.one = one
  kept.push(one)
  return { one, states, libp2p: mesh.libp2p }
}

/** Makes reservations, unless the test refuses them. */
function makeReserver() {
  const seen = { asked: 0, failure: undefined as Error | undefined, expires: undefined as number | undefined }
  const reserver: Reserver = {
    reserve: async () => {
      seen.asked += 1
      if (seen.failure) throw seen.failure
      seen.expires = Date.now() + 3_600_000
    },
    expires: () => seen.expires,
  }
  return { seen, reserver }
}

const full = new Error('reservation failed with status RESERVATION_REFUSED')

/** Closes the connections of a relay to all peers. */
async function hangUp(hub: TestNode): Promise<void> {
  const { libp2p } = hub.mesh
  // The side that dials has the connection first.
  await expect.poll(() => libp2p.getConnections().length).toBeGreaterThan(0)
  await Promise.all(libp2p.getConnections().map((connection) => connection.close()))
}

/** Has a real peer keep a real relay whose reservations fail. @returns the wait after so many tries, in ms */
async function waitAfter(tries: number, failure: Error): Promise<number> {
  const [hub, peer] = await Promise.all([relay(), glia()])
  const waited = Promise.withResolvers<number>()
  let tried = 0
  const reserve = async (): Promise<void> => {
    tried += 1
    throw failure
  }
  const one: KeptRelay = new KeptRelay({
    libp2p: peer.mesh.libp2p,
    address: multiaddr(whereIs(hub)),
    pulses: new Pulses({ hidden: () => false }),
    reserver: { reserve, expires: () => undefined },
    attend: () => () => undefined,
    changed: () => {
      if (tried !== tries) return
      const { state, retryAt } = one.info
      if (state === 'refused' && retryAt !== undefined) waited.resolve(retryAt - Date.now())
    },
  })
  kept.push(one)
  return waited.promise
}

test('a relay that did not answer is asked again soon, and one that is full after longer and longer waits', async () => {
  const silent = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  const [busy, refusing] = await Promise.all([waitAfter(4, silent), waitAfter(3, full)])
  expect(busy).toBeLessThanOrEqual(RELAY_RETRY_MS.last)
  expect(refusing).toBeGreaterThan(RELAY_RETRY_MS.last)
})

test('a relay is connected, then reserved; it says until when, and who it is', async () => {
  const hub = await relay()
  const { seen, reserver } = makeReserver()
  const [address = ''] = whereIs(hub).split('/p2p/')
  const { one, states } = await keep({ address, reserver })
  expect(one.info).toMatchObject({ address, state: 'connecting', peerId: undefined, expires: undefined })
  await expect.poll(() => states).toEqual(['connecting', 'reserved'])
  expect(one.info).toMatchObject({ peerId: hub.peerId, expires: seen.expires, error: undefined, retryAt: undefined })
})

test('a peer that makes no reservations only keeps the connection', async () => {
  const hub = await relay()
  const { one, states } = await keep({ address: whereIs(hub) })
  await expect.poll(() => states).toEqual(['connecting', 'reserved'])
  expect(one.info.expires).toBeUndefined()
})

test('a connection that is lost is made again, and reserved again', async () => {
  const hub = await relay()
  const { seen, reserver } = makeReserver()
  const { one, states } = await keep({ address: whereIs(hub), reserver })
  await expect.poll(() => states).toEqual(['connecting', 'reserved'])
  seen.expires = undefined
  await hangUp(hub)
  await expect.poll(() => one.info).toMatchObject({ state: 'waiting', error: 'The connection to the relay was lost.' })
  expect((one.info.retryAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(RELAY_RETRY_MS.first)
  await expect.poll(() => states).toEqual(['connecting', 'reserved', 'waiting', 'connecting', 'reserved'])
  expect([seen.asked, one.info.error]).toEqual([2, undefined])
})

test('a relay that is not there is named with its host, tried again, and found when it comes', async () => {
  const identity = await newIdentity()
  const hub = await relay({ identity })
  const address = whereIs(hub)
  const port = Number(/tcp\/(\d+)/.exec(address)?.[1])
  await hub.mesh.stop()
  const { one, states } = await keep({ address })
  await expect.poll(() => states.filter((state) => state === 'waiting').length).toBeGreaterThan(1)
  expect(one.info).toMatchObject({ peerId: hub.peerId, error: `The relay at 127.0.0.1:${port} does not answer.` })
  await relay({ identity, port })
  await expect.poll(() => one.info).toMatchObject({ state: 'reserved', error: undefined, retryAt: undefined })
})

test('a relay that is full stays connected; a hurry asks it again at once', async () => {
  const hub = await relay()
  const { seen, reserver } = makeReserver()
  seen.failure = full
  const { one, libp2p } = await keep({ address: whereIs(hub), reserver })
  await expect.poll(() => one.info.state).toBe('refused')
  expect(one.info).toMatchObject({ error: expect.stringMatching(/is full\.$/) as unknown, expires: undefined })
  expect(libp2p.getConnections()).toHaveLength(1)
  const { asked } = seen
  one.hurry()
  await new Promise(setImmediate)
  expect(seen.asked).toBe(asked + 1)
  seen.failure = undefined
  one.hurry()
  await expect.poll(() => one.info).toMatchObject({ state: 'reserved', error: undefined, retryAt: undefined })
})

test('a reservation that the relay has forgotten is made again', async () => {
  const hub = await relay()
  const { seen, reserver } = makeReserver()
  const { states, one } = await keep({ address: whereIs(hub), reserver })
  await expect.poll(() => states).toEqual(['connecting', 'reserved'])
  one.hurry()
  await new Promise(setImmediate)
  expect(seen.asked).toBe(1)
  seen.expires = undefined
  one.hurry()
  await new Promise(setImmediate)
  expect(seen.asked).toBe(2)
})

test('a hidden page comes back to its relay after a longer wait, or when it is shown', async () => {
  const hub = await relay()
  const { one } = await keep({ address: whereIs(hub), hidden: true })
  await expect.poll(() => one.info.state).toBe('reserved')
  await hangUp(hub)
  await expect.poll(() => one.info.state).toBe('waiting')
  expect((one.info.retryAt ?? 0) - Date.now()).toBeGreaterThan(RELAY_RETRY_MS.last)
  expect((one.info.retryAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(HIDDEN_RETRY_MS)
  one.hurry()
  await expect.poll(() => one.info.state, { timeout: HIDDEN_RETRY_MS / 2 }).toBe('reserved')
})

test('a relay that is no longer kept is not dialled, and tells nothing', async () => {
  const [hub, peer] = await Promise.all([relay(), glia()])
  const address = whereIs(hub)
  const [joined, waiting, dialling] = [
    await keep({ address, peer }),
    await keep({ address: '/ip4/127.0.0.1/tcp/1', peer }),
    await keep({ address: '/ip4/127.0.0.1/tcp/1', peer }),
  ]
  await expect.poll(() => joined.one.info.state).toBe('reserved')
  await expect.poll(() => waiting.one.info.state).toBe('waiting')
  const all = [joined, waiting, dialling]
  for (const { one } of all) one.stop()
  const before = all.map(({ states }) => states.length)
  await hangUp(hub)
  for (const { one } of all) one.hurry()
  // A dial that came now would be there before this one.
  await expect(peer.mesh.libp2p.dial(multiaddr('/ip4/127.0.0.1/tcp/1'))).rejects.toThrow('ECONNREFUSED')
  expect(all.map(({ states }) => states.length)).toEqual(before)
  expect(peer.mesh.libp2p.getConnections()).toEqual([])
})
