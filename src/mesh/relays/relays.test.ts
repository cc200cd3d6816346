import { generateKeyPair } from '@libp2p/crypto/keys'
import type { TransportManager } from '@libp2p/interface-internal'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { CircuitReserver } from './relays.ts'
import { glia, relay as startRelay, whereIs } from '../test-nodes.ts'

afterEach(() => vi.restoreAllMocks())

test('a relay that takes too long gets one listener, however often it is tried, and later only a new reservation', async () => {
  const relay = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const address = multiaddr('/ip4/127.0.0.1/tcp/4001/ws')
  const listening = Promise.withResolvers<void>()
  const listen = vi.fn<() => Promise<void>>(() => listening.promise)
  const addRelay = vi.fn<() => Promise<unknown>>(async () => undefined)
  const reserver = new CircuitReserver({ listen } as unknown as TransportManager, {
    addRelay,
    getReservation: () => undefined,
  })
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort(new Error('too late')))
  for (let i = 0; i < 3; i++) await expect(reserver.reserve(relay, address)).rejects.toThrow('too late')
  timeout.mockRestore()
  const reserving = reserver.reserve(relay, address)
  listening.resolve()
  await reserving
  expect(listen).toHaveBeenCalledOnce()
  expect(addRelay).not.toHaveBeenCalled()
  await reserver.reserve(relay, address)
  expect(listen).toHaveBeenCalledOnce()
  expect(addRelay).toHaveBeenCalledOnce()
})

test('one that refuses is asked again', async () => {
  const relay = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const listen = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('full')))
  const reserver = new CircuitReserver({ listen } as unknown as TransportManager, {
    addRelay: async () => undefined,
    getReservation: () => undefined,
  })
  for (let i = 0; i < 2; i++) {
    await expect(reserver.reserve(relay, multiaddr('/ip4/127.0.0.1/tcp/4001/ws'))).rejects.toThrow('full')
  }
  expect(listen).toHaveBeenCalledTimes(2)
})

test('a relay whose address is none is shown with its error, and the others are used', async () => {
  const [hub, tab] = await Promise.all([startRelay(), glia()])
  tab.mesh.useRelays(['garbage', whereIs(hub), '/ip4/999.1.1.1/tcp/1/ws'])
  const states = (): (string | undefined)[] => tab.mesh.relays().map(({ state, error }) => error ?? state)
  await expect
    .poll(states, { timeout: 10_000 })
    .toEqual([
      'reserved',
      expect.stringContaining('“garbage” is not a multiaddr'),
      expect.stringContaining('is not a multiaddr'),
    ])
})
