import { expect, test } from 'vitest'
import {
  checkSettings,
  chooseIceServers,
  chooseRelays,
  compareWithOwn,
  isPrivateHost,
  ownRelays,
  readOriginConfig,
} from './mesh-config.ts'

const A = '/ip4/127.0.0.1/tcp/2081/ws/p2p/A'
const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const B = '/dns4/example.org/tcp/443/wss/p2p/B'

test('relays are the user’s, then the origin’s, each once', () => {
  expect(ownRelays([B], ['/dns4/localhost/tcp/2081/ws/p2p/A', A])).toEqual([B, '/dns4/localhost/tcp/2081/ws/p2p/A'])
  expect(ownRelays([], [])).toEqual([])
  expect(ownRelays(['/1/p2p/1', '/2/p2p/2'], ['/3/p2p/3', '/4/p2p/4'])).toHaveLength(3)
})

test('relays of a join link come after the own ones, and displace none', () => {
  const link = ['/5/p2p/5', '/6/p2p/6', '/7/p2p/7', '/8/p2p/8']
  expect(chooseRelays([A, B], link)).toEqual([A, B, '/5/p2p/5', '/6/p2p/6', '/7/p2p/7'])
  expect(chooseRelays([A], ['/dns4/localhost/tcp/2081/ws/p2p/A'])).toEqual([A])
  expect(chooseRelays([], link)).toHaveLength(3)
})

test('a join link over own relays names nobody new, whatever address it gives them', () => {
  const elsewhere = '/ip4/192.168.0.1/tcp/22/ws/p2p/A'
  expect(compareWithOwn({ peers: [`${elsewhere}/p2p-circuit/p2p/P`], relays: [elsewhere] }, [A, B])).toEqual({
    invitation: { peers: [`${A}/p2p-circuit/p2p/P`], relays: [A] },
    strangers: [],
  })
})

test('hosts of a join link that are new are named, those of peers without a relay too', () => {
  const peers = [`${B}/p2p-circuit/p2p/P`, '/ip4/10.0.0.1/tcp/80/ws/p2p/P']
  expect(compareWithOwn({ peers, relays: [B] }, [A])).toEqual({
    invitation: { peers, relays: [B] },
    strangers: ['example.org:443', '10.0.0.1:80'],
  })
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

test('ICE servers are the user’s, else the origin’s, else public ones, except on a private network', () => {
  const origin = [{ urls: 'stun:origin.example' }]
  expect(chooseIceServers(['stun:mine.example', 'once readable'], origin, 'example.org')).toEqual({
    servers: [{ urls: 'stun:mine.example' }],
    from: 'user',
  })
  expect(chooseIceServers([], origin, 'localhost')).toEqual({ servers: origin, from: 'origin' })
  expect(chooseIceServers([], [], 'example.org')).toMatchObject({ from: 'public', servers: [{}] })
  expect(chooseIceServers([], [], '192.168.0.9')).toEqual({ servers: [], from: 'private network' })
})

test.each([
  ['example.org', '“example.org” is not like stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT.'],
  ['turn:example.org:3478', '“turn:example.org:3478” is not like turn:USER:PASSWORD@HOST:PORT. A TURN server needs'],
  ['turn:me:s3cret@x@example.org', '“turn:me:••••@example.org” is not like'],
  ['turn:me:••••@other.example', 'its password has to be typed again'],
])('“%s” is refused, and the error says how it is written, without the password', (line, message) => {
  const check = (): unknown => checkSettings({ relays: [], iceServers: [line] }, () => undefined)
  expect(check).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
  expect(check).toThrow(message)
})

test('settings are trimmed and checked, and the error names the line', () => {
  const read = (text: string): void => {
    if (!text.startsWith('/')) throw new Error(text)
  }
  expect(checkSettings({ relays: [` ${A} `, ''], iceServers: [' turn:u:p@x:1'] }, read)).toEqual({
    relays: [A],
    iceServers: ['turn:u:p@x:1'],
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
