import { expect, test } from 'vitest'
import { formatJoinLink, parseJoinLink } from './join-link.ts'

const RELAY = '/ip4/127.0.0.1/tcp/2081/ws/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PEER = '12D3KooWQK1njq1u9y8wTqD93XQHm5QKorRnKQMSiBgpYdXorfgJ'
const ADDRESS = `${RELAY}/p2p-circuit/p2p/${PEER}`

test('a link leads to the app and names the peer at its relay', () => {
  expect(formatJoinLink('https://example.org/glia/?io=jspi#old', [ADDRESS])).toBe(
    `https://example.org/glia/#join=${ADDRESS}`,
  )
})

test('only addresses that a browser can dial are in a link, and few of them', () => {
  const tcp = `/ip4/127.0.0.1/tcp/2082/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit/p2p/${PEER}`
  expect(formatJoinLink('https://example.org/', [tcp])).toBeUndefined()
  expect(formatJoinLink('https://example.org/', [])).toBeUndefined()
  const link = formatJoinLink('https://example.org/', [tcp, ADDRESS, ADDRESS, ADDRESS])
  expect(link?.match(/join=/g)).toHaveLength(2)
})

test('a relay that is known elsewhere is not named by its address on this machine', () => {
  const elsewhere = ADDRESS.replace('/ip4/127.0.0.1/tcp/2081/ws', '/dns4/glia.example/tcp/443/wss')
  expect(formatJoinLink('https://example.org/', [ADDRESS, elsewhere])).toBe(`https://example.org/#join=${elsewhere}`)
})

test('what was made is read, as a whole link or as its fragment, encoded or not', () => {
  const invitation = { peers: [ADDRESS], relays: [RELAY] }
  expect(parseJoinLink(formatJoinLink('https://example.org/', [ADDRESS]) ?? '')).toEqual(invitation)
  expect(parseJoinLink(`#join=${ADDRESS}`)).toEqual(invitation)
  expect(parseJoinLink(`#join=${encodeURIComponent(ADDRESS)}`)).toEqual(invitation)
})

test('a peer that is reached without a relay can be named too', () => {
  const address = `/dns4/example.org/tcp/443/wss/p2p/${PEER}`
  expect(parseJoinLink(`#join=${address}`)).toEqual({ peers: [address], relays: [] })
})

test.each(['', '#', 'https://example.org/', '/ip4/127.0.0.1/tcp/2081', '#settings'])('%j is no join link', (text) => {
  expect(parseJoinLink(text)).toBeUndefined()
})

test.each([
  '#join=',
  '#join=garbage',
  '#join=/ip4/127.0.0.1/tcp/2081/ws',
  `#join=/ip4/127.0.0.1/tcp/2081/ws/p2p-circuit/p2p/${PEER}`,
  `#join=${ADDRESS}&spawn=x`,
  `#join=${ADDRESS}&join=${RELAY}`,
  '#join=%E0%A4%A',
  `#${Array.from({ length: 9 }, () => `join=${ADDRESS}`).join('&')}`,
])('%s cannot be used, and the error says so', (text) => {
  expect(() => parseJoinLink(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
})
