import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CircuitLimits } from './circuit-limits.ts'
import { Reach } from './reach.ts'
import { plainClient } from '../test-nodes.ts'

/** A port that a stranger chose. It closes each connection at once, and counts them. */
let count = 0
const server = createServer((socket) => {
  count += 1
  socket.on('error', () => undefined).destroy()
})
let stranger: string
let address: Multiaddr

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stranger = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/p2p/${stranger}`)
})

afterAll(() => server.close())

async function reach(isUnknown: boolean): Promise<Reach> {
  return new Reach({
    libp2p: await plainClient(),
    limits: new CircuitLimits(() => false),
    relays: async () => [],
    announced: () => [address],
    isUnknown: () => isUnknown,
    isNew: () => false,
  })
}

test('a peer that was only announced is looked for over relays, and its addresses are left alone until it is called', async () => {
  const found = await reach(false)
  const signal = AbortSignal.timeout(10_000)
  await expect(found.overRelays(stranger, signal)).rejects.toThrow('could not be reached')
  expect(count).toBe(0)
  await expect(found.connection(stranger, signal)).rejects.toThrow('could not be reached')
  expect(count).toBe(1)
})

test('the end of a dial to an address that leads nobody knows where tells nothing by its time', async () => {
  const found = await reach(true)
  const before = count
  // The port is closed at once, and the attempt goes on.
  let isOver = false
  const call = found.connection(stranger, AbortSignal.timeout(1500)).finally(() => (isOver = true))
  call.catch(() => undefined)
  await expect.poll(() => count, { timeout: 5000 }).toBe(before + 1)
  expect(isOver).toBe(false)
  await expect(call).rejects.toThrow('timeout')
  expect(count).toBe(before + 1)
})
