import { expect, test } from 'vitest'
import type { PeerInfo } from '../../mesh/presence/peer-info.ts'
import { peersShown } from './peer-window.ts'

function peers(count: number): PeerInfo[] {
  return Array.from({ length: count }, (_, i) => ({ peerId: `peer ${i}` }) as PeerInfo)
}

test('of thousands of peers the first ones are shown, and the one that is looked for', () => {
  expect(peersShown(peers(3), 100, undefined)).toHaveLength(3)
  expect(peersShown(peers(5000), 100, undefined)).toHaveLength(100)
  expect(peersShown(peers(5000), 100, 'peer 99')).toHaveLength(100)
  expect(peersShown(peers(5000), 100, 'peer 4000').at(-1)?.peerId).toBe('peer 4000')
})
