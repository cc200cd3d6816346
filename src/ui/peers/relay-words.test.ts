import { expect, test } from 'vitest'
import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { relayWords } from './relay-words.ts'

const NOW = new Date(2026, 0, 5, 13, 7).getTime()

test.each<[Partial<RelayInfo>, string]>([
  [{ state: 'connecting' }, 'connecting'],
  [{ state: 'reserved' }, 'reserved'],
  [{ state: 'reserved', room: 112 }, 'reserved, room for 112 more'],
  [{ state: 'reserved', room: 0 }, 'reserved, full for others'],
  [
    { state: 'reserved', room: 2047, expires: NOW + 45 * 60_000 },
    'reserved, room for 2,047 more, renewed in 40 min (it lasts until 13:52)',
  ],
  [{ state: 'reserved', expires: NOW + 58 * 60_000 }, 'reserved, renewed in 53 min (it lasts until 14:05)'],
  [{ state: 'reserved', expires: NOW + 12 * 3_600_000 }, 'reserved, renewed in 11 h (it lasts until 6 Jan, 01:07)'],
  [{ state: 'reserved', expires: NOW + 60_000 }, 'reserved, being renewed (it lasts until 13:08)'],
  [{ state: 'reserved', expires: NOW }, 'reserved, expired at 13:07, being renewed'],
  [{ state: 'waiting', retryAt: NOW + 8000, error: 'It is full.' }, 'trying again in 8 s: It is full.'],
  [{ state: 'waiting', retryAt: NOW - 1, error: 'It is full.' }, 'trying again: It is full.'],
  [{ state: 'waiting' }, 'trying again'],
  [
    { state: 'refused', retryAt: NOW + 8000, error: 'It is full.' },
    'connected, without a reservation, trying again in 8 s: It is full.',
  ],
])('%j reads %s', (state, words) => {
  const none = { address: '', peerId: undefined, state: 'connecting', expires: undefined, retryAt: undefined }
  expect(relayWords({ error: undefined, ...none, ...state } as RelayInfo, NOW)).toBe(words)
})
