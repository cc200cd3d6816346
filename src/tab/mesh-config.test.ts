import { expect, test } from 'vitest'
import { checkSettings, chooseRelays, isPrivateHost, parseIceServer, readOriginConfig } from './mesh-config.ts'

const A = '/ip4/127.0.0.1/tcp/2081/ws/p2p/A'
const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const B = '/dns4/example.org/tcp/443/wss/p2p/B'

test('relays come from the link, the user, the origin, in this order, each once', () => {
  expect(chooseRelays([A], [B], ['/dns4/localhost/tcp/2081/ws/p2p/A'])).toEqual([A, B])
  expect(chooseRelays([], [], [B])).toEqual([B])
  expect(chooseRelays([], [], [])).toEqual([])
  expect(chooseRelays(['/1/p2p/1', '/2/p2p/2'], ['/3/p2p/3', '/4/p2p/4'], [])).toHaveLength(3)
})

test('what an origin says is believed as far as it makes sense', () => {
  const iceServers = [
    'stun:example.org:3478',
    { urls: 'turn:example.org', username: 'u', credential: 'c', x: 1 },
    7,
    'http://x',
  ]
  expect(readOriginConfig({ version: 'ww/0.1.0', peer: PEER, relays: [A, 1, null], iceServers })).toEqual({
    relays: [A],
    iceServers: [{ urls: 'stun:example.org:3478' }, { urls: ['turn:example.org'], username: 'u', credential: 'c' }],
    gateway: true,
  })
  for (const nonsense of [null, 'text', [], { relays: 'x', iceServers: {} }]) {
    expect(readOriginConfig(nonsense)).toEqual({ relays: [], iceServers: [], gateway: false })
  }
})

test('ICE servers are written on one line each', () => {
  expect(parseIceServer('stun:example.org:3478')).toEqual({ urls: 'stun:example.org:3478' })
  expect(parseIceServer('turns:me:s:cret@example.org?transport=tcp')).toEqual({
    urls: 'turns:example.org?transport=tcp',
    username: 'me',
    credential: 's:cret',
  })
  for (const bad of ['', 'example.org', 'http://example.org', 'turn:example.org', 'stun:u:p@example.org', 'stun:a b']) {
    expect(() => parseIceServer(bad)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
  }
})

test('settings are trimmed and checked, and the error names the line', () => {
  const read = (text: string): void => {
    if (!text.startsWith('/')) throw new Error(text)
  }
  expect(checkSettings({ relays: [` ${A} `, ''], iceServers: [' stun:x:1'] }, read)).toEqual({
    relays: [A],
    iceServers: ['stun:x:1'],
  })
  expect(() => checkSettings({ relays: ['/ip4/127.0.0.1/tcp/2082/p2p/A'], iceServers: [] }, read)).toThrow(
    '/ws or /wss',
  )
  expect(() => checkSettings({ relays: [], iceServers: ['x'] }, read)).toThrow('“x”')
})

test('private hosts need no STUN', () => {
  for (const host of [
    'localhost',
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.9',
    '172.16.0.1',
    'nas',
    'printer.local',
    '[::1]',
  ]) {
    expect(isPrivateHost(host)).toBe(true)
  }
  for (const host of ['example.org', '172.32.0.1', '8.8.8.8']) expect(isPrivateHost(host)).toBe(false)
})
