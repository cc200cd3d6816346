import { peerIdFromString } from '@libp2p/peer-id'
import { afterEach, expect, test, vi } from 'vitest'
import { GossipGuard } from './gossip-guard.ts'
import { newIdentity } from '../libp2p/identity.ts'
import { DISCOVERY_TOPIC, OFFENCE_MS } from '../limits.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('bad announcements that come seldom do not add up', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { peerId } = await newIdentity()
  const guard = new GossipGuard()
  const gossip = { handleReceivedRpc: async () => undefined }
  guard.attach(gossip, { sourceOf: () => ({ name: peerId, isOwnRelay: false }), isKnown: () => false })
  const receive: Parameters<GossipGuard['attach']>[0]['handleReceivedRpc'] = gossip.handleReceivedRpc
  const from = peerIdFromString(peerId)
  const offend = (): Promise<void> =>
    receive(from, { subscriptions: [], messages: [{ topic: DISCOVERY_TOPIC, data: new Uint8Array(1) }] })
  for (let times = 0; times < 10; times++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
    await offend()
    expect(guard.score(peerId)).toBe(-1)
    vi.setSystemTime(Date.now() + OFFENCE_MS)
  }
  await offend()
  await offend()
  expect(guard.score(peerId)).toBe(-2)
})
