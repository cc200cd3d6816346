import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { formatLink } from './format-link.ts'
import { parseLink, scopeOfLink } from './link.ts'

const RELAY = '/ip4/127.0.0.1/tcp/2081/ws/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PEER = '12D3KooWQK1njq1u9y8wTqD93XQHm5QKorRnKQMSiBgpYdXorfgJ'
const PID = '3mJr7AoUXx2Wqd3mJr7AoUXx2Wqd'
const CID = `bafkrei${'a'.repeat(52)}`
const ADDRESS = `${RELAY}/p2p-circuit/p2p/${PEER}`

test('a link leads to the app and names the peer at its relay', () => {
  expect(formatLink('https://example.org/glia/?io=jspi#old', [ADDRESS])).toBe(
    `https://example.org/glia/#join=${ADDRESS}`,
  )
})

test('only addresses that a browser can dial are in a link, and few of them', () => {
  const tcp = `/ip4/127.0.0.1/tcp/2082/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit/p2p/${PEER}`
  expect(formatLink('https://example.org/', [tcp])).toBeUndefined()
  expect(formatLink('https://example.org/', [])).toBeUndefined()
  const link = formatLink('https://example.org/', [tcp, ADDRESS, ADDRESS, ADDRESS])
  expect(link?.match(/join=/g)).toHaveLength(2)
})

test('a relay that is known elsewhere is not named by its address on this machine', () => {
  const elsewhere = ADDRESS.replace('/ip4/127.0.0.1/tcp/2081/ws', '/dns4/glia.example/tcp/443/wss')
  expect(formatLink('https://example.org/', [ADDRESS, elsewhere])).toBe(`https://example.org/#join=${elsewhere}`)
})

test('what was made is read, as a whole link or as its fragment, encoded or not', () => {
  const invitation = { peers: [ADDRESS], relays: [RELAY] }
  expect(parseLink(formatLink('https://example.org/', [ADDRESS]) ?? '')?.invitation).toEqual(invitation)
  expect(parseLink(`#join=${ADDRESS}`)?.invitation).toEqual(invitation)
  expect(parseLink(`#join=${encodeURIComponent(ADDRESS)}`)?.invitation).toEqual(invitation)
})

test('a peer that is reached without a relay can be named too', () => {
  const address = `/dns4/example.org/tcp/443/wss/p2p/${PEER}`
  expect(parseLink(`#join=${address}`)?.invitation).toEqual({ peers: [address], relays: [] })
})

test('a link to a process is read as it was written, whatever its method is called', () => {
  for (const method of [undefined, 'echo', 'a&pid=b #ü%']) {
    const link = formatLink('https://example.org/', [ADDRESS], { pid: newPid(), method }) ?? ''
    expect(parseLink(link)).toMatchObject({ kind: 'process', peer: PEER, method, invitation: { relays: [RELAY] } })
  }
})

test('a link to a process with keys has the key, in its one form', () => {
  const pid = newPid()
  for (const key of ['alice', 'a&pid=b #ü%+ :', 'A\u030asa']) {
    const link = formatLink('https://example.org/', [ADDRESS], { pid, key, method: 'echo' }) ?? ''
    expect(parseLink(link)).toMatchObject({ kind: 'process', pid, key: key.normalize(), method: 'echo' })
  }
  for (const key of ['', 'a%2Fb', 'a%0Ab', 'x'.repeat(129), 'a&key=b']) {
    expect(() => parseLink(`#join=${ADDRESS}&pid=${pid}&key=${key}`)).toThrow(/This link cannot be used: .*key/)
  }
  expect(() => parseLink(`#join=${ADDRESS}&key=alice`)).toThrow('it names no process')
  expect(() => parseLink(`#spawn=${CID}&from=${PEER}&key=alice`)).toThrow('at once')
})

test('a link to a module is read as it was written, and may name its peer without an address', () => {
  const link = formatLink('https://example.org/', [ADDRESS], { cid: CID }) ?? ''
  expect(link).toBe(`https://example.org/#spawn=${CID}&from=${ADDRESS}`)
  expect(parseLink(link)).toEqual({
    kind: 'spawn',
    cid: CID,
    peer: PEER,
    invitation: { peers: [ADDRESS], relays: [RELAY] },
  })
  expect(parseLink(`#spawn=${CID}&from=${PEER}`)).toMatchObject({ peer: PEER, invitation: { peers: [], relays: [] } })
})

test.each([
  ['https://glia.example/', '/dns4/glia.example/tcp/443/wss', 'public'],
  ['http://localhost:2080/', '/dns4/glia.example/tcp/443/wss', 'loopback'],
  ['https://glia.example/', '/ip4/127.0.0.1/tcp/2081/ws', 'loopback'],
  ['https://glia.example/', '/ip4/192.168.1.7/tcp/2081/ws', 'private'],
  ['https://box.lan/', '/ip4/192.168.1.7/tcp/2081/ws', 'private'],
] as const)('a link to %s over %s is for people in the scope: %s', (page, door, scope) => {
  const address = ADDRESS.replace('/ip4/127.0.0.1/tcp/2081/ws', door)
  expect(scopeOfLink(formatLink(page, [address]) ?? '')).toBe(scope)
})

test.each(['', '#', 'https://example.org/', '/ip4/127.0.0.1/tcp/2081', '#settings'])('%j is no join link', (text) => {
  expect(parseLink(text)).toBeUndefined()
})

test.each([
  '#join=',
  '#join=garbage',
  '#join=/ip4/127.0.0.1/tcp/2081/ws',
  `#join=/ip4/127.0.0.1/tcp/2081/ws/p2p-circuit/p2p/${PEER}`,
  `#join=${ADDRESS}&spawn=x`,
  `#join=${ADDRESS}&join=${RELAY}`,
  '#join=%E0%A4%A',
  `#join=${PEER}`,
  '#join=javascript:alert(1)',
  `#join=${ADDRESS}&pid=root`,
  `#join=${ADDRESS}&pid=${PID.slice(4)}`,
  `#join=${ADDRESS}&method=echo`,
  `#join=${ADDRESS}&pid=${newPid()}&method=a%2Fb`,
  `#join=${ADDRESS}&pid=${newPid()}&pid=${newPid()}`,
  `#join=${ADDRESS}&constructor=x`,
  `#join=${ADDRESS}&pid=${newPid()}&method=${'x'.repeat(10_000)}`,
  `#join=${'/p2p-circuit'.repeat(100_000)}`,
  '#spawn=',
  `#spawn=${CID}`,
  `#spawn=${CID}&from=javascript:alert(1)`,
  `#spawn=${CID}&from=${ADDRESS}&from=${RELAY}`,
  `#spawn=${CID.toUpperCase()}&from=${ADDRESS}`,
  `#spawn=QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG&from=${ADDRESS}`,
  `#spawn=${CID}&spawn=${CID}&from=${ADDRESS}`,
  `#spawn=${CID}&from=${ADDRESS}&pid=${newPid()}`,
  `#${Array.from({ length: 9 }, () => `join=${ADDRESS}`).join('&')}`,
])('%s cannot be used, and the error says so', (text) => {
  expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
})

test('a link that is cut inside the id of its peer, or of its relay, is noticed as such', () => {
  const direct = `/dns4/example.org/tcp/443/wss/p2p/${PEER}`
  const cuts = [
    // The address of the relay alone is a whole one.
    ...Array.from({ length: ADDRESS.length - RELAY.length - 2 }, (_, i) => ADDRESS.slice(0, RELAY.length + 2 + i)),
    ...Array.from({ length: PEER.length - 1 }, (_, i) => direct.slice(0, -1 - i)),
    ADDRESS.replace('kx6nXTN', 'kx6nXT'),
  ]
  for (const cut of cuts)
    for (const link of [`#join=${cut}`, `#spawn=${CID}&from=${cut}`])
      expect.soft(() => parseLink(link), link).toThrow('This link cannot be used: it is not whole')
  expect(() => parseLink(`#spawn=${CID}&from=${PEER.slice(0, -1)}`)).toThrow('it is not whole')
})
