import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { type AddressScope, hostsOf, ipOf, isDnsName, isNameOfPublicIp, scopeOfHost } from './address-scope.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

test.each<[AddressScope, string]>([
  [
    'loopback',
    `127.0.0.1 127.9.9.9 0.0.0.0 ::1 [::1] :: ::ffff:127.0.0.1 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::
     fe80::5efe:127.0.0.1 localhost a.localhost LOCALHOST localhost. localhost.localdomain 2130706433 0x7f.1 0177.0.0.1
     127.0.0.1.nip.io a.127-0-0-1.sslip.io 7f000001.nip.io app-7f000001.nip.io 127-0-0-1.k51.libp2p.direct --1.sslip.io`,
  ],
  [
    'private',
    `10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.9 169.254.169.254 100.64.0.1 192.0.0.8 198.18.0.1 224.0.0.251 255.255.255.255
     fe80::1 fec0::1 fd00::1 ff02::1 100::1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1:: 2001:0:1::1
     2001:db8::5efe:10.0.0.1 nas printer.local x.internal box.lan a.home.arpa x.corp 10.0.0.1.nip.io www.10-0-0-1.example.org
     8.8.8.8.192-168-0-1.nip.io c0a80001.nip.io fd00--1.k51.libp2p.direct fe80--1.sslip.io 10.0.0.1.2 1.2.3.256`,
  ],
  [
    'public',
    `example.org 8.8.8.8 172.32.0.1 100.128.0.1 2001:db8::1 2a00::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::
     8-8-8-8.k51.libp2p.direct xn--bcher-kva.example v1-2-3-4.example.org localhost.example.org`,
  ],
])('%s hosts', (scope, hosts) => {
  for (const host of hosts.trim().split(/\s+/)) expect(`${host} ${scopeOfHost(host)}`).toBe(`${host} ${scope}`)
})

test('each host that a dial may connect to counts, the name for TLS too', () => {
  const hosts = (text: string): string[] | undefined => hostsOf(multiaddr(text))
  expect(hosts('/ip4/8.8.8.8/tcp/443/tls/sni/localhost/ws')).toEqual(['8.8.8.8', 'localhost'])
  expect(hosts(`/ip4/192.168.0.1/tcp/1/ws/p2p/${PEER}/p2p-circuit/p2p/${PEER}`)).toEqual(['192.168.0.1'])
  expect(hosts('/ip6zone/eth0/ip6/fe80::1/tcp/80/ws')).toEqual(['fe80::1'])
  for (const text of [`/webrtc/p2p/${PEER}`, `/p2p/${PEER}/p2p-circuit/p2p/${PEER}`, `/p2p/${PEER}`])
    expect(hosts(text)).toEqual([])
})

test.each([
  '/unix/var%2Frun%2Fdocker.sock',
  '/dnsaddr/example.org',
  '/memory/7',
  `/p2p/${PEER}/dnsaddr/example.org`,
  `/p2p/${PEER}/ip4/127.0.0.1/tcp/22`,
  '/ip4/8.8.8.8/tcp/1/ip4/127.0.0.1/tcp/22',
  // Its URL is ws://udp//8.8.8.8:443.
  '/ip4/8.8.8.8/udp/443/ws',
  '/ip4/8.8.8.8/tcp/443/ws/http-path/x',
  '/ip4/8.8.8.8/tcp/443/tls/sni/a.example.org/http',
])('%s has a form that is not known, and no hosts that could be judged', (text) => {
  expect(hostsOf(multiaddr(text))).toBeUndefined()
})

test('an IP address has one form, and a name has none', () => {
  expect(['::FFFF:10.0.0.1', '[fd00::01]', '0x7f.1', 'example.org', 'a/b'].map(ipOf)).toEqual([
    '10.0.0.1',
    'fd00::1',
    '127.0.0.1',
    undefined,
    undefined,
  ])
})

test('what is no DNS name could change the URL that is made of it', () => {
  for (const name of ['example.org', 'a_b.example.org.', 'xn--bcher-kva.example']) expect(isDnsName(name)).toBe(true)
  for (const name of [
    '127.0.0.1:22#.org',
    'a@127.0.0.1',
    'a/b',
    'a?b',
    '',
    '.',
    'a..b',
    'bücher.example',
    'a%2e',
    `${'a.'.repeat(150)}b`,
  ])
    expect(isDnsName(name)).toBe(false)
})

test('a name of libp2p.direct leads to the IP address in it', () => {
  expect(isNameOfPublicIp('8-8-8-8.k51abc.libp2p.direct')).toBe(true)
  for (const name of [
    '10-0-0-1.k51abc.libp2p.direct',
    'k51abc.libp2p.direct',
    '8-8-8-8.k51abc.libp2p.direct.evil.org',
    '8-8-8-8.x.y.libp2p.direct',
  ])
    expect(isNameOfPublicIp(name)).toBe(false)
})
