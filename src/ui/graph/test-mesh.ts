// For tests: what a tab may know of a mesh.
import type { PeerInfo, RelayInfo } from '../../mesh/presence/peer-info.ts'
import type { ProcessView } from '../model.ts'
import type { Graph, GraphInput } from './graph-data.ts'

export const SELF = '12D3KooWself'
export const RELAY = '12D3KooWrelay'
export const NEAR = '12D3KooWnear'
export const FAR = '12D3KooWfar'

export function peer(peerId: string, given: Partial<PeerInfo> = {}): PeerInfo {
  return {
    peerId,
    link: 'direct',
    address: `/ip4/127.0.0.1/udp/1/webrtc-direct/p2p/${peerId}`,
    latencyMs: 12,
    agent: 'glia',
    protocols: [],
    since: 0,
    relay: false,
    processes: true,
    ...given,
  }
}

export const relay = peer(RELAY, { relay: true, address: `/dns4/example.org/tcp/443/wss/p2p/${RELAY}` })
export const near = peer(NEAR, { address: `/dns4/example.org/tcp/443/wss/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${NEAR}` })
export const far = peer(FAR, {
  link: 'relayed',
  address: `/dns4/example.org/tcp/443/wss/p2p/${RELAY}/p2p-circuit/p2p/${FAR}`,
})

export const reserved: RelayInfo = {
  address: relay.address ?? '',
  peerId: RELAY,
  state: 'reserved',
  expires: undefined,
  retryAt: undefined,
  error: undefined,
}

export function process(pid: string, given: Partial<ProcessView> = {}): ProcessView {
  const view: Partial<ProcessView> = {
    pid,
    name: `name of ${pid}`,
    state: 'idle',
    messages: 3,
    waiting: 0,
    p50Ms: 1.5,
    memoryBytes: undefined,
    ties: [],
  }
  return { ...view, ...given } as ProcessView
}

export function input(given: Partial<GraphInput> = {}): GraphInput {
  return {
    self: SELF,
    processes: [],
    peers: [],
    relays: [],
    carried: new Map(),
    called: [],
    peerWords: (id) => id,
    ...given,
  }
}

/** A star of processes with ties between them. */
export function largeGraph(nodes: number, ties: number): Graph {
  const pids = Array.from({ length: nodes - 1 }, (_, i) => `p${i}`)
  const own = [
    ...pids.map((id) => ({ id: `home ${id}`, kind: 'home' as const, from: SELF, to: id })),
    ...Array.from({ length: ties }, (_, i) => ({
      id: `watch ${i}`,
      kind: 'watch' as const,
      from: pids[i % pids.length] ?? '',
      to: pids[(i * 7 + 1 + Math.floor(i / pids.length)) % pids.length] ?? '',
    })),
  ]
  return {
    nodes: [SELF, ...pids].map((id) => ({
      id,
      kind: id === SELF ? 'self' : 'process',
      name: id,
      tone: 'ok',
      status: 'idle',
      facts: [],
      href: '#/',
      ...(id !== SELF && { home: SELF }),
    })),
    edges: own,
    own,
  }
}
