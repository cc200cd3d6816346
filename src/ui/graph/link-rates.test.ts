import { expect, test } from 'vitest'
import type { ConnectionInfo } from '../../mesh/presence/peer-info.ts'
import { LinkRates } from './link-rates.ts'

function connection(at: number, bytesIn: number, given: Partial<ConnectionInfo> = {}): ConnectionInfo {
  return { id: 'c', peerId: 'p', address: '/ip4/1.2.3.4/tcp/1/ws', latencyMs: 5, bytesIn, bytesOut: 0, at, ...given }
}

test('bytes a second are known from the second count on', () => {
  const rates = new LinkRates()
  expect(rates.update([connection(0, 1000)]).get('p')).toMatchObject([{ inRate: undefined }])
  expect(rates.update([connection(2000, 4000)]).get('p')).toMatchObject([{ inRate: 1500, outRate: 0 }])
})

test('a connection that was not counted again keeps its rate', () => {
  const rates = new LinkRates()
  rates.update([connection(0, 0)])
  rates.update([connection(1000, 700)])
  expect(rates.update([connection(1000, 700, { latencyMs: 8 })]).get('p')).toMatchObject([
    { inRate: 700, latencyMs: 8 },
  ])
})

test('the map stays the same while nothing has changed', () => {
  const rates = new LinkRates()
  rates.update([connection(0, 0)])
  const before = rates.update([connection(1000, 0)])
  expect(rates.update([connection(2000, 0)])).toBe(before)
  expect(rates.update([connection(3000, 50)])).not.toBe(before)
  expect(rates.update([])).toEqual(new Map())
})
