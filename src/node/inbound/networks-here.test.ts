import { expect, test } from 'vitest'
import { networkHere } from './networks-here.ts'

const OWN = ['127.0.0.1/8', '10.1.2.3/24', '203.0.113.9/24', '::1/128', 'fd00:1::5/64', 'fe80::1/64', '169.254.7.7/16']

test.each([
  ['10.1.2.200', '10.1.2.3/24'],
  ['::ffff:10.1.2.200', '10.1.2.3/24'],
  ['fd00:1::77', 'fd00:1::5/64'],
  ['10.1.3.1', undefined],
  ['192.168.0.1', undefined],
  ['172.17.0.1', undefined],
  ['fd00:2::1', undefined],
  ['127.0.0.1', undefined],
  ['::1', undefined],
  // Every machine gives itself such an address on each link.
  ['fe80::9', undefined],
  ['169.254.169.254', undefined],
  ['box.lan', undefined],
])('%s is in the network %s of a machine that listens everywhere', (ip, network) => {
  expect(networkHere('0.0.0.0', ip, OWN)).toBe(network)
})

test('a server that listens on loopback is nowhere else', () => {
  const found = ['127.0.0.1', '127.5.5.5', '::1', '10.1.2.200'].map((ip) => networkHere('127.0.0.1', ip, OWN))
  expect(found).toEqual(['loopback', 'loopback', 'loopback', undefined])
})
