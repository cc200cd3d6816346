import type { Graph, GraphNode } from './graph-data.ts'
import { edgesByNode, factWords, KIND_WORDS } from './graph-words.ts'

/** A node with its edges, as texts of a table. */
export interface GraphRow {
  readonly id: string
  readonly href: string
  readonly name: string
  readonly what: string
  readonly status: string
  readonly numbers: string
  readonly edges: string
}

/** The same as the graph shows: its nodes, each with what leads from it to others. */
export function rowsOf(graph: Graph): readonly GraphRow[] {
  const edges = edgesByNode(graph)
  return graph.nodes.map((node) => {
    const words = edges.get(node.id) ?? ''
    const before = rows.get(node)
    if (before?.edges === words) return before
    const row = rowOf(node, words)
    rows.set(node, row)
    return row
  })
}

/** The last row of each node: what says the same stays the same object. */
const rows = new WeakMap<GraphNode, GraphRow>()

function rowOf({ id, href, name, kind, status, facts }: GraphNode, edges: string): GraphRow {
  return { id, href, name, what: KIND_WORDS[kind], status, numbers: factWords(facts), edges }
}
