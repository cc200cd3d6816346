import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test } from 'vitest'
import { RELAY_RETRY_MS } from '../limits.ts'
import { Pulses } from '../presence/pulses.ts'
import { KeptRelay } from './kept-relay.ts'
import { glia, relay, whereIs } from '../test-nodes.ts'

const kept: KeptRelay[] = []

afterEach(() => kept.splice(0).forEach((one) => one.stop()))

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
    pulses: new Pulses(() => false),
    reserver: { reserve, expires: () => undefined },
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
  const [busy, full] = await Promise.all([
    waitAfter(4, silent),
    waitAfter(3, new Error('reservation failed with status RESERVATION_REFUSED')),
  ])
  expect(busy).toBeLessThanOrEqual(RELAY_RETRY_MS.last)
  expect(full).toBeGreaterThan(RELAY_RETRY_MS.last)
})
