import { expect, test } from 'vitest'
import { SELF } from '../../glia/test-peer.ts'
import { wellKnown } from './well-known.ts'

const INIT = { peerId: SELF, host: '127.0.0.1', wsPort: 2081, announce: [], iceServers: [] }

test.each([
  ['localhost:2080', '/ip4/127.0.0.1/tcp/2081/ws'],
  ['127.0.0.1:2080', '/ip4/127.0.0.1/tcp/2081/ws'],
  ['192.168.1.5:2080', '/ip4/192.168.1.5/tcp/2081/ws'],
  ['[2001:db8::1]:2080', '/ip6/2001:db8::1/tcp/2081/ws'],
  ['glia.example', '/dns4/glia.example/tcp/2081/ws'],
  ['', '/ip4/127.0.0.1/tcp/2081/ws'],
  ['a b"', '/ip4/127.0.0.1/tcp/2081/ws'],
])('a page of %j finds the relay at %s', (host, relay) => {
  expect(wellKnown(INIT, host)).toEqual({ version: 'ww/0.1.0', peer: SELF, relays: [`${relay}/p2p/${SELF}`] })
})

test('localhost leads to the address that is listened on', () => {
  expect(wellKnown({ ...INIT, host: '::1' }, 'localhost')).toMatchObject({
    relays: [`/ip6/::1/tcp/2081/ws/p2p/${SELF}`],
  })
})

test('announced addresses stand for it, as far as browsers can dial them', () => {
  const announce = ['/dns4/a.example/tcp/443/wss', `/ip4/1.2.3.4/tcp/2081/ws/p2p/${SELF}`, '/dns4/a.example/tcp/2082']
  expect(wellKnown({ ...INIT, announce }, 'localhost')).toMatchObject({
    relays: [`/dns4/a.example/tcp/443/wss/p2p/${SELF}`, `/ip4/1.2.3.4/tcp/2081/ws/p2p/${SELF}`],
  })
})

test('STUN and TURN servers are told of when there are some', () => {
  const iceServers = [{ urls: 'stun:stun.example' }]
  expect(wellKnown({ ...INIT, iceServers }, 'localhost')).toMatchObject({ iceServers })
})
