import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { type AddressScope, scopeOf, scopeOfHost } from './address-scope.ts'
import { DialGate } from './dial-gate.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

test.each<[AddressScope, string[]]>([
  [
    'loopback',
    [
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '::1',
      '[::1]',
      '::',
      '::ffff:127.0.0.1',
      'localhost',
      'a.localhost',
      'LOCALHOST',
      '2130706433',
      '0x7f.1',
      'localhost.',
    ],
  ],
  [
    'private',
    [
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.9',
      '169.254.169.254',
      '100.64.0.1',
      'fe80::1',
      'fd00::1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
      'nas',
      'printer.local',
      'x.internal',
      'not a host',
    ],
  ],
  ['public', ['example.org', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', '::ffff:8.8.8.8']],
])('%s: %j', (scope, hosts) => {
  for (const host of hosts) expect(`${host} ${scopeOfHost(host)}`).toBe(`${host} ${scope}`)
})

test('of a relayed address the relay counts, and one without a host is anywhere', () => {
  expect(scopeOf(multiaddr(`/ip4/192.168.0.1/tcp/1/ws/p2p/${PEER}/p2p-circuit/p2p/${PEER}`))).toBe('private')
  expect(scopeOf(multiaddr(`/webrtc/p2p/${PEER}`))).toBe('public')
})

test('a zone before an address hides nothing, and a form that is not known is not dialled for strangers', () => {
  expect(scopeOf(multiaddr('/ip6zone/lo/ip6/::1/tcp/22'))).toBe('loopback')
  expect(scopeOf(multiaddr('/ip6zone/eth0/ip6/fe80::1/tcp/80/ws'))).toBe('private')
  expect(scopeOf(multiaddr('/unix/var%2Frun%2Fdocker.sock'))).toBe('private')
  expect(scopeOf(multiaddr(`/p2p/${PEER}/p2p-circuit/p2p/${PEER}`))).toBe('public')
})

test('what strangers announce is dialled where this peer is, and what was named here everywhere', () => {
  const here = new Set<AddressScope>()
  const gate = new DialGate(() => here)
  const local = multiaddr('/ip4/127.0.0.1/tcp/22/ws')
  const nearby = multiaddr('/ip4/192.168.0.1/tcp/80/ws')
  expect(gate.allows(multiaddr('/dns4/example.org/tcp/443/wss'))).toBe(true)
  expect([gate.allows(local), gate.allows(nearby)]).toEqual([false, false])
  here.add('loopback')
  expect([gate.allows(local), gate.allows(nearby)]).toEqual([true, false])
  gate.name(nearby.encapsulate(`/p2p/${PEER}`))
  expect(gate.allows(nearby.encapsulate(`/p2p/${PEER}/p2p-circuit/p2p/${PEER}`))).toBe(true)
  expect(gate.allows(multiaddr('/ip4/192.168.0.1/tcp/81/ws'))).toBe(false)
})

test('a public name that leads to this machine or its network is dialled only if it was named here', async () => {
  const leads: Record<string, string[]> = {
    'public.test.org': ['203.0.113.9'],
    '127.0.0.1.nip.io': ['127.0.0.1'],
    'both.test.org': ['203.0.113.9', '10.0.0.5'],
  }
  const gate = new DialGate(
    () => new Set<AddressScope>(),
    async (name) => leads[name] ?? Promise.reject(new Error('ENOTFOUND')),
  )
  const to = (name: string) => multiaddr(`/dns4/${name}/tcp/22/p2p/${PEER}`)
  expect(await gate.allowsDial(to('public.test.org'))).toBe(true)
  expect(await gate.allowsDial(to('127.0.0.1.nip.io'))).toBe(false)
  expect(await gate.allowsDial(to('both.test.org'))).toBe(false)
  expect(await gate.allowsDial(to('nowhere.test.org'))).toBe(false)
  expect(await gate.allowsDial(multiaddr('/ip4/10.0.0.5/tcp/22'))).toBe(false)
  gate.name(to('both.test.org'))
  expect(await gate.allowsDial(to('both.test.org'))).toBe(true)
})
