import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { networkAt, networkOf, shareOf } from './networks.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
])('%s is of the network %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})

test('this machine has eight times the quota of another', () => {
  for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(shareOf(networkOf(ip), 2)).toBe(16)
  for (const ip of ['203.0.113.7', '2001:db8::1', '127.0.0.66']) expect(shareOf(networkOf(ip), 2)).toBe(2)
})

test.each([
  ['/ip4/203.0.113.7/tcp/1', '203.0.113.7'],
  ['/ip6/2001:db8:1:2::9/tcp/1/ws', '2001:db8:1:2::/64'],
  ['/ip6zone/eth0/ip6/fe80::1/tcp/1', 'fe80:0:0:0::/64'],
  ['/dns4/relay.example.org/tcp/443/wss', 'relay.example.org'],
  ['/unix/a', '/unix/a'],
])('a peer at %s is in the network %s', (address, network) => {
  expect(networkAt(multiaddr(address))).toBe(network)
})
