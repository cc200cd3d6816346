import { expect, test } from 'vitest'
import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { relayWords } from './relay-words.ts'

const NOW = new Date(2026, 0, 5, 13, 7).getTime()

test.each<[Partial<RelayInfo>, string]>([
  [{ state: 'connecting' }, 'connecting'],
  [{ state: 'reserved' }, 'reserved'],
  [{ state: 'reserved', expires: NOW + 58 * 60_000 }, 'reserved, until 14:05 (in 58 min)'],
  [{ state: 'reserved', expires: NOW + 12 * 3_600_000 }, 'reserved, until 6 Jan, 01:07 (in 12 h)'],
  [{ state: 'reserved', expires: NOW }, 'reserved until 13:07, being renewed'],
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
