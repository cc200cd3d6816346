import { expect, test } from 'vitest'
import type { PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'
import { meshStatus, type MeshState } from './mesh-status.ts'

function relay(state: RelayInfo['state'], error?: string): RelayInfo {
  return { address: '/relay', peerId: 'R', state, expires: undefined, retryAt: undefined, error }
}

function peer(link: PeerInfo['link'], isRelay = false): PeerInfo {
  return {
    peerId: 'P',
    link,
    address: undefined,
    latencyMs: undefined,
    agent: undefined,
    protocols: [],
    since: undefined,
    relay: isRelay,
    processes: true,
  }
}

const NOTHING: MeshState = { peers: [], relays: [], onlyRelayed: false, online: true }

test.each([
  ['no relay is known', {}, 'idle', 'This browser only'],
  ['the relay is being reached', { relays: [relay('connecting')] }, 'idle', 'Joining'],
  [
    'there is a reservation',
    { relays: [relay('reserved')], peers: [peer('direct', true)] },
    'ok',
    'On the mesh · 0 peers',
  ],
  [
    'peers are connected',
    { relays: [relay('reserved')], peers: [peer('direct'), peer('relayed'), peer('none'), peer('direct', true)] },
    'ok',
    'On the mesh · 2 peers, 1 direct',
  ],
  [
    'no direct connection ever worked',
    { relays: [relay('reserved')], peers: [peer('relayed')], onlyRelayed: true },
    'warn',
    'Relayed only · 1 peer',
  ],
  [
    'the relay is full',
    { relays: [relay('refused', 'The relay at r.example:443 is full.')], peers: [peer('relayed')] },
    'warn',
    'The relay is full · 1 peer, 0 direct',
  ],
  [
    'the relay gives no reservation for another reason',
    { relays: [relay('refused', 'The relay at r.example:443 is not a relay.')] },
    'warn',
    'No reservation · 0 peers',
  ],
  ['the relay is gone', { relays: [relay('waiting', 'x')] }, 'bad', 'Offline: relay gone, trying again'],
  ['there is no network', { relays: [relay('waiting', 'x')], online: false }, 'bad', 'Offline: no network'],
  [
    'the relay is gone and a peer is not',
    { relays: [relay('waiting', 'x')], peers: [peer('direct')] },
    'warn',
    'No relay · 1 peer, 1 direct',
  ],
] as const)('when %s', (_, state: Partial<MeshState>, level, text) => {
  expect(meshStatus({ ...NOTHING, ...state })).toMatchObject({ level, text })
})

test('the reason is in the detail', () => {
  expect(meshStatus({ ...NOTHING, relays: [relay('waiting', 'The relay is full.')] }).detail).toContain(
    'The relay is full.',
  )
})

test('dials of others that were refused are counted in the detail', () => {
  const state: MeshState = { ...NOTHING, relays: [relay('reserved')] }
  expect(meshStatus(state).detail).not.toContain('WebRTC')
  expect(meshStatus({ ...state, refusedDials: 1 }).detail).toContain('1 WebRTC dial of others came too fast')
})
