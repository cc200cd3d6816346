import { expect, test } from 'vitest'
import { lookOf } from './draw.ts'
import type { Graph, GraphEdge, GraphNode } from './graph-data.ts'

const NODE: GraphNode = { id: 'a', kind: 'peer', name: 'Ada', tone: 'ok', status: 'direct', facts: [], href: '#/' }
const EDGE: GraphEdge = {
  id: 'e',
  kind: 'connection',
  from: 'self',
  to: 'a',
  transport: 'WebRTC',
  latencyMs: 12,
  inRate: 200,
  outRate: 300,
}

function look(node: Partial<GraphNode>, edge: Partial<GraphEdge> = {}): string {
  const graph: Graph = { nodes: [{ ...NODE, ...node }], edges: [{ ...EDGE, ...edge }], own: [] }
  return lookOf(graph)
}

test('bytes and facts that nobody sees on the canvas leave a graph as it looks', () => {
  expect(look({ facts: [['Messages', '7']] }, { inRate: 210, outRate: 310 })).toBe(look({}))
})

test.each([
  ['a name', { name: 'Bob' }, {}],
  ['a state', { tone: 'bad' }, {}],
  ['a new node', { id: 'b' }, {}],
  ['a latency', {}, { latencyMs: 80 }],
  ['a rate that has a label', {}, { inRate: 2000 }],
  ['an edge', {}, { id: 'f' }],
] as const)('%s changes how a graph looks', (_, node, edge) => {
  expect(look(node, edge)).not.toBe(look({}))
})
