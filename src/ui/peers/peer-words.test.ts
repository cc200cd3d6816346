import { expect, test } from 'vitest'
import type { PeerDetail, PeerInfo, WhyRelayed } from '../../mesh/presence/peer-info.ts'
import { type PeerState, stateWords, whyRelayedWords } from './peer-words.ts'

const NOW = new Date(2026, 0, 5, 13, 7, 30).getTime()
const NOTHING: PeerState = { info: undefined, detail: undefined, silentSince: undefined, blockedSince: undefined }

function info(link: PeerInfo['link']): PeerInfo {
  return { peerId: '12D3', link, since: link === 'none' ? undefined : NOW - 180_000 } as PeerInfo
}

function seen(lastSeen: number | undefined): PeerDetail {
  return { connections: [], receivedBytes: 0, sentBytes: 0, lastSeen, whyRelayed: undefined }
}

test.each<[Partial<PeerState>, string]>([
  [{ info: info('direct') }, 'connected directly for 3 min'],
  [{ info: info('relayed') }, 'connected over a relay for 3 min'],
  [{ info: info('direct'), silentSince: NOW - 8000 }, 'not answering since 13:07:22 (8 s)'],
  [{ info: info('none') }, 'not connected, a relay tells of it'],
  [{ info: info('none'), detail: seen(NOW - 90_000) }, 'not connected, last seen 13:06:00 (1 min ago)'],
  [{ detail: seen(NOW - 90_000) }, 'not known here now, last seen 13:06:00 (1 min ago)'],
  [{ detail: seen(undefined) }, 'not known here now'],
  [{ info: info('direct'), blockedSince: NOW - 60_000 }, 'blocked since 13:06'],
])('%j reads: %s', (state, words) => expect(stateWords({ ...NOTHING, ...state }, NOW).text).toBe(words))

test.each<[WhyRelayed, RegExp]>([
  [{ kind: 'no-webrtc-here' }, /This browser has no WebRTC/],
  [{ kind: 'no-webrtc-there' }, /The peer offers no WebRTC/],
  [{ kind: 'making' }, /is being made/],
  [{ kind: 'full' }, /8 direct connections/],
  [{ kind: 'spent' }, /After a reload/],
  [{ kind: 'closed', retryAt: NOW - 1 }, /was closed.* The next call tries again/],
  [{ kind: 'failed', why: 'does not answer', retryAt: NOW + 60_000 }, /the peer does not answer.*A call after 13:08/],
  [{ kind: 'not-tried' }, /The next call makes one/],
])('why relayed %j reads %s', (why, words) => expect(whyRelayedWords(why, NOW)).toMatch(words))
