import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import type { RelayInfo } from '../mesh/presence/peer-info.ts'
import { followUpdates } from './follow-updates.ts'

test('the server is asked for a newer version each time that a relay is back, and not at the first connection', () => {
  const relays = signal<readonly Pick<RelayInfo, 'address' | 'state'>[]>([])
  let looks = 0
  followUpdates(relays, () => (looks += 1))
  const seen = (
    ['connecting', 'reserved', 'reserved', 'waiting', 'connecting', 'reserved', 'waiting', 'refused'] as const
  ).map((state) => {
    relays.value = [
      { address: 'a', state },
      { address: 'b', state: 'waiting' },
    ]
    return looks
  })
  expect(seen).toEqual([0, 0, 0, 0, 0, 1, 1, 2])
})
