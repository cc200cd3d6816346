import { expect, test } from 'vitest'
import { networkOf, shareOf } from './networks.ts'

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
