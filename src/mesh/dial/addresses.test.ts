import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { readMultiaddr, relayOf } from './addresses.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

test('the relay of an address is what stands before its first circuit', () => {
  const relay = `/dns4/relay.example.org/tcp/443/wss/p2p/${PEER}`
  expect(relayOf(multiaddr(`${relay}/p2p-circuit/webrtc/p2p/${PEER}`))?.toString()).toBe(relay)
  expect(relayOf(multiaddr(`${relay}/p2p-circuit/p2p/${PEER}/p2p-circuit`))?.toString()).toBe(relay)
  expect(relayOf(multiaddr(relay))).toBeUndefined()
  expect(relayOf(multiaddr(`/p2p-circuit/p2p/${PEER}`))).toBeUndefined()
})

test('a name with a slash, which an address of a stranger may have, is no reason to fail', () => {
  const bytes = multiaddr(`/dns4/relay.example.org/tcp/1/p2p/${PEER}/p2p-circuit`).bytes.slice()
  bytes[bytes.indexOf('.'.charCodeAt(0))] = '/'.charCodeAt(0)
  expect(relayOf(multiaddr(bytes))?.toString()).toBe(`/dns4/relay/example.org/tcp/1/p2p/${PEER}`)
})

test('an address whose peer id is cut off is refused before anybody dials it', () => {
  const address = `/dns4/relay.example.org/tcp/443/wss/p2p/${PEER}`
  for (const whole of [address, `${address}/p2p-circuit/webrtc/p2p/${PEER}`, '/ip4/127.0.0.1/tcp/1/ws'])
    expect(String(readMultiaddr(` ${whole}`))).toBe(whole)
  for (const cut of [address.slice(0, -1), `${address}/p2p-circuit`, `${address}/p2p-circuit/p2p/${PEER.slice(0, 9)}`])
    expect.soft(() => readMultiaddr(cut), cut).toThrow('is not whole: a peer id in it is missing or cut off')
})
