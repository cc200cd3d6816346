import { generateKeyPair } from '@libp2p/crypto/keys'
import type { TransportManager } from '@libp2p/interface-internal'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { NEWCOMER_MS } from '../limits.ts'
import { Pulses } from '../presence/pulses.ts'
import { CircuitReserver, Relays } from './relays.ts'
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

test('a peer is a newcomer for some seconds, and for as long as a connected relay has not said whether it has room', async () => {
  const [hub, tab] = await Promise.all([startRelay(), glia()])
  const answer = Promise.withResolvers<void>()
  let asked = false
  const relays = new Relays({
    libp2p: tab.mesh.libp2p,
    reserver: {
      reserve: () => {
        asked = true
        return answer.promise
      },
      expires: () => undefined,
    },
    pulses: new Pulses({ hidden: () => false }),
    attend: () => () => undefined,
    name: () => undefined,
    changed: () => undefined,
  })
  onTestFinished(() => relays.stop())
  const later = (): number => Date.now() + NEWCOMER_MS
  expect([relays.isNewcomer(), relays.isNewcomer(later())]).toEqual([true, false])
  relays.use([whereIs(hub)])
  await expect.poll(() => asked).toBe(true)
  expect(relays.isNewcomer(later())).toBe(true)
  answer.reject(new Error('reservation failed with status RESERVATION_REFUSED'))
  await expect.poll(() => relays.isNewcomer(later())).toBe(false)
})
