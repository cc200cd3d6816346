import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { DialGate, type DialGateInit, type Surroundings } from './dial-gate.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NOBODY: Surroundings = { isConnected: () => false, isNear: async () => false }
const ALL_NEAR: Surroundings = { isConnected: () => false, isNear: async () => true }

function gateIn(network: string | undefined, around = NOBODY, init: DialGateInit = {}): DialGate {
  const gate = new DialGate({
    networkHere: (host) => (network && host.startsWith(network) ? network : undefined),
    ...init,
  })
  gate.look(around)
  return gate
}

const allows = (gate: DialGate, text: string): Promise<boolean> => gate.allowsDial(multiaddr(`${text}/p2p/${PEER}`))

test('a private address is dialled only where this peer is and the stranger is too', async () => {
  const address = '/ip4/192.168.0.1/tcp/80/ws'
  expect(await allows(gateIn(undefined, ALL_NEAR), address)).toBe(false)
  expect(await allows(gateIn('10.', ALL_NEAR), address)).toBe(false)
  expect(await allows(gateIn('192.168.0.', NOBODY), address)).toBe(false)
  expect(await allows(gateIn('192.168.0.', ALL_NEAR), address)).toBe(true)
  // Nobody is named, so nobody can be near.
  expect(await gateIn('192.168.0.', ALL_NEAR).allowsDial(multiaddr(address))).toBe(false)
})

test('what was named here is dialled everywhere, and nothing else at that host', async () => {
  const gate = gateIn(undefined)
  gate.name(multiaddr(`/ip4/192.168.0.1/tcp/80/ws/p2p/${PEER}`))
  gate.name(multiaddr(`/p2p/${PEER}`))
  expect(await allows(gate, '/ip4/192.168.0.1/tcp/80/ws')).toBe(true)
  expect(await allows(gate, `/ip4/192.168.0.1/tcp/80/ws/p2p/${PEER}/p2p-circuit`)).toBe(true)
  expect(await allows(gate, '/ip4/192.168.0.1/tcp/81/ws')).toBe(false)
  expect(await allows(gate, `/p2p/${PEER}/ip4/127.0.0.1/tcp/22`)).toBe(false)
})

test('what was named again is not forgotten for what was named later', async () => {
  const gate = gateIn(undefined)
  const own = multiaddr('/ip4/192.168.0.1/tcp/80/ws')
  const nameOthers = (from: number, to: number): void => {
    for (let port = from; port < to; port++) gate.name(multiaddr(`/ip4/10.0.0.1/tcp/${port}/ws`))
  }
  gate.name(own)
  nameOthers(1, 200)
  gate.name(own)
  nameOthers(200, 300)
  expect(await allows(gate, '/ip4/192.168.0.1/tcp/80/ws')).toBe(true)
  expect(await allows(gate, '/ip4/10.0.0.1/tcp/1/ws')).toBe(false)
})

test('a circuit of a relay that is connected opens no connection', async () => {
  const gate = gateIn(undefined, { ...NOBODY, isConnected: (peer) => peer === PEER })
  const relay = `/ip4/192.168.0.1/tcp/80/ws/p2p/${PEER}`
  expect(await allows(gate, `${relay}/p2p-circuit`)).toBe(true)
  expect(await allows(gate, '/ip4/192.168.0.1/tcp/80/ws')).toBe(false)
})

test('the name for TLS is judged as the host is', async () => {
  expect(await allows(gateIn(undefined), '/ip4/8.8.8.8/tcp/443/tls/sni/localhost/ws')).toBe(false)
  expect(await allows(gateIn(undefined), '/dns4/a.example.org/tcp/443/tls/sni/10.0.0.1/ws')).toBe(false)
})

test.each([
  [true, '/dns4/relay.example.org/tcp/443/wss'],
  [true, '/dns/relay.example.org/tcp/443/tls/ws'],
  [true, '/dns4/8-8-8-8.k51abc.libp2p.direct/tcp/4001/tls/ws'],
  [true, '/ip4/8.8.8.8/tcp/4001/ws'],
  [false, '/dns4/relay.example.org/tcp/443/ws'],
  [false, '/dns4/relay.example.org/tcp/8443/wss'],
  [false, '/dns4/relay.example.org/tcp/22/ws'],
  [false, '/dns4/relay.example.org/udp/443/webrtc-direct'],
  [false, '/dns4/8-8-8-8.k51abc.libp2p.direct/tcp/4001/ws'],
  [false, '/dns4/10-0-0-1.k51abc.libp2p.direct/tcp/443/wss'],
  [false, '/dns4/10.0.0.1.nip.io/tcp/443/wss'],
  [false, '/dns4/localhost/tcp/443/wss'],
  [false, '/dns4/nas/tcp/443/wss'],
  [false, '/dns4/printer.local/tcp/443/wss'],
  [false, '/dnsaddr/example.org'],
])('where names cannot be looked up: %s for %s', async (expected, address) => {
  const gate = gateIn(undefined)
  expect(await allows(gate, address)).toBe(expected)
  gate.name(multiaddr(address))
  expect(await allows(gate, address)).toBe(true)
})

test('text that is no name is not made a URL of', async () => {
  const name = new TextEncoder().encode('127.0.0.1:22#.example.org')
  const bytes = Uint8Array.from([54, name.length, ...name, 6, 1, 187, 0xde, 3])
  const address = multiaddr(bytes)
  expect(address.getComponents().map((each) => each.name)).toEqual(['dns4', 'tcp', 'wss'])
  expect(await gateIn(undefined).allowsDial(address)).toBe(false)
})

test('where names are looked up, all addresses behind one are judged, and those are dialled', async () => {
  const leads: Record<string, string[]> = {
    'public.example.org': ['203.0.113.9'],
    'rebound.example.org': ['127.0.0.1'],
    'both.example.org': ['203.0.113.9', '10.0.0.5'],
    'lan.example.org': ['10.0.0.5', '::ffff:10.0.0.6'],
    'nobody.example.org': [],
  }
  const pinned: unknown[] = []
  const names = {
    resolve: async (name: string) => leads[name] ?? Promise.reject(new Error('ENOTFOUND')),
    pin: (...pin: unknown[]) => void pinned.push(pin),
  }
  const far = gateIn(undefined, NOBODY, { names })
  const to = (name: string): string => `/dns4/${name}/tcp/22`
  expect(await allows(far, to('public.example.org'))).toBe(true)
  for (const name of ['rebound', 'both', 'lan', 'nobody', 'unknown'])
    expect(await allows(far, to(`${name}.example.org`))).toBe(false)
  expect(pinned).toEqual([['public.example.org', ['203.0.113.9']]])
  const near = gateIn(undefined, ALL_NEAR, { names, networkHere: (ip) => (/10\.0\.0\./.test(ip) ? 'lan' : undefined) })
  expect(await allows(near, to('lan.example.org'))).toBe(true)
  expect(await allows(near, to('rebound.example.org'))).toBe(false)
})

test('lists of addresses in the DNS are read only where they were named', () => {
  const gate = gateIn(undefined)
  const list = multiaddr('/dnsaddr/example.org')
  expect(gate.readsList(list)).toBe(false)
  gate.name(list)
  expect(gate.readsList(list)).toBe(true)
  const relay = multiaddr(`/dns4/relay.example.org/tcp/443/wss/p2p/${PEER}`)
  gate.name(relay)
  expect(gate.readsList(relay.encapsulate('/p2p-circuit/dnsaddr/evil.example.org'))).toBe(false)
})
