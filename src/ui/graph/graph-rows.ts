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
  return graph.nodes.map(({ id, href, name, kind, status, facts }: GraphNode) => ({
    id,
    href,
    name,
    what: KIND_WORDS[kind],
    status,
    numbers: factWords(facts),
    edges: edges.get(id) ?? '',
  }))
}
