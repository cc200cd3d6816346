import { expect, test } from 'vitest'
import { firstOf, graphOf, remoteId } from './graph-data.ts'
import { edgesByNode } from './graph-words.ts'
import { far, FAR, input, near, NEAR, peer, process, relay, RELAY, reserved, SELF } from './test-mesh.ts'
import { relayIn, transportOf } from './transport.ts'

test.each([
  ['/ip4/127.0.0.1/tcp/2081/ws/p2p/R', 'WebSocket', undefined],
  ['/dns4/example.org/tcp/443/wss/p2p/R', 'WebSocket', undefined],
  ['/dns4/example.org/tcp/443/tls/sni/example.org/ws/p2p/R', 'WebSocket', undefined],
  ['/dns4/example.org/tcp/443/wss/p2p/R/p2p-circuit/p2p/A', 'relay', 'R'],
  ['/dns4/example.org/tcp/443/wss/p2p/R/p2p-circuit/webrtc/p2p/A', 'WebRTC', undefined],
  ['/ip4/1.2.3.4/udp/9/webrtc-direct/certhash/uEi/p2p/A', 'WebRTC', undefined],
  ['/ip4/1.2.3.4/udp/9/quic-v1/webtransport/certhash/uEi/p2p/A', 'WebTransport', undefined],
  ['/ip4/1.2.3.4/tcp/2082/p2p/R', 'TCP', undefined],
  [undefined, 'unknown', undefined],
])('%s is %s', (address, transport, over) => {
  expect([transportOf(address), relayIn(address)]).toEqual([transport, over])
})

test('peers and relays are joined by their transports, and a relayed peer to its relay', () => {
  const { nodes, edges } = graphOf(input({ peers: [relay, near, far], relays: [reserved] }))
  expect(nodes.map(({ id, kind, status }) => [id, kind, status])).toEqual([
    [SELF, 'self', expect.any(String)],
    [RELAY, 'relay', 'direct'],
    [NEAR, 'peer', 'direct'],
    [FAR, 'peer', 'relayed'],
  ])
  expect(edges.map(({ from, to, transport }) => [from, to, transport])).toEqual([
    [SELF, RELAY, 'WebSocket'],
    [SELF, NEAR, 'WebRTC'],
    [RELAY, FAR, 'relay'],
  ])
})

test('a peer that is reached on two ways has an edge for each, with its latency and bytes', () => {
  const { edges } = graphOf(
    input({
      peers: [relay, near],
      carried: new Map([
        [
          NEAR,
          [
            { address: near.address ?? '', latencyMs: 3, inRate: 100, outRate: 20 },
            { address: (near.address ?? '').replace('/webrtc', ''), latencyMs: 9, inRate: 0, outRate: 0 },
          ],
        ],
      ]),
    }),
  )
  expect(edges).toContainEqual(
    expect.objectContaining({ from: SELF, to: NEAR, transport: 'WebRTC', latencyMs: 3, inRate: 100, outRate: 20 }),
  )
  expect(edges).toContainEqual(expect.objectContaining({ from: RELAY, to: NEAR, transport: 'relay', latencyMs: 9 }))
})

test('a relay that is not reached stays, and says why', () => {
  const lost = { ...reserved, state: 'waiting', error: 'It does not answer.' } as const
  const { nodes, edges } = graphOf(input({ relays: [lost] }))
  expect(nodes[1]).toMatchObject({ id: RELAY, kind: 'relay', tone: 'bad', status: 'It does not answer.' })
  expect(edges).toEqual([])
})

test('a peer without a connection has no edge', () => {
  const { nodes, edges } = graphOf(input({ peers: [peer(NEAR, { link: 'none', address: undefined })] }))
  expect(nodes.map(({ id }) => id)).toEqual([SELF, NEAR])
  expect(edges).toEqual([])
})

test('watches and links are edges, each once, also to processes of other peers', () => {
  const a = process('a', {
    ties: [
      { kind: 'watched', pid: 'b', name: 'b', method: 'note' },
      { kind: 'linked', pid: 'b', name: 'b' },
      { kind: 'watched', pid: 'x', name: 'x', host: NEAR, method: 'note' },
    ],
  })
  const b = process('b', {
    ties: [
      { kind: 'watcher', pid: 'a', name: 'a', method: 'note' },
      { kind: 'linked', pid: 'a', name: 'a' },
    ],
  })
  const graph = graphOf(input({ processes: [a, b], peers: [near] }))
  expect(graph.edges.filter(({ kind }) => kind !== 'connection').map(({ kind, from, to }) => [kind, from, to])).toEqual(
    [
      ['home', NEAR, remoteId(NEAR, 'x')],
      ['home', SELF, 'a'],
      ['home', SELF, 'b'],
      ['watch', 'a', 'b'],
      ['link', 'a', 'b'],
      ['watch', 'a', remoteId(NEAR, 'x')],
    ],
  )
  const words = edgesByNode(graph)
  expect(words.get('b')).toContain('watched by name of a; linked with name of a')
  expect(words.get('a')).toContain('watches name of b in note')
})

test('processes of peers that were called are nodes, and go with their peer', () => {
  const called = [{ host: NEAR, pid: 'x', calls: 2 }]
  expect(graphOf(input({ peers: [near], called })).nodes.at(-1)).toMatchObject({
    kind: 'remote',
    home: NEAR,
    facts: [['Calls from here', '2']],
  })
  expect(graphOf(input({ called })).nodes).toHaveLength(1)
})

test('where there is no room for all, what is connected and busy stays', () => {
  const processes = [process('cold', { state: 'cold' }), process('idle'), process('busy', { state: 'busy' })]
  const graph = graphOf(input({ processes, peers: [peer(FAR, { link: 'none' }), near] }))
  const first = firstOf(graph, 4)
  expect(first.nodes.map(({ id }) => id)).toEqual([SELF, NEAR, 'busy', 'idle'])
  expect(first.edges.map(({ to }) => to)).toEqual([NEAR, 'idle', 'busy'])
})

test('a call of a process makes one node, and no edge', () => {
  const processes = Array.from({ length: 1000 }, (_, i) => process(`p${i}`))
  const before = graphOf(input({ processes }))
  const after = graphOf(input({ processes: processes.with(7, process('p7', { messages: 8 })) }))
  const known = new Set(before.nodes)
  expect(after.nodes.filter((node) => node.kind === 'process' && !known.has(node)).map(({ id }) => id)).toEqual(['p7'])
  expect(after.own).toBe(before.own)
  const tied = process('p7', { ties: [{ kind: 'linked', pid: 'p8', name: 'p8' }] })
  expect(graphOf(input({ processes: processes.with(7, tied) })).own).toHaveLength(1001)
})
