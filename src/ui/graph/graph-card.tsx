import type { Fact, Graph, GraphEdge, GraphNode } from './graph-data.ts'
import { edgeFacts, edgeTitle, KIND_WORDS } from './graph-words.ts'

export interface GraphCardProps {
  graph: Graph
  node: GraphNode | undefined
  edge: GraphEdge | undefined
  /** Whether the card stays, so that the link in it can be pressed. */
  stays: boolean
}

/** The numbers of a node with its connections, or of an edge. */
export function GraphCard({ graph, node, edge, stays }: GraphCardProps) {
  if (edge) {
    const nameOf = (id: string): string => graph.nodes.find((each) => each.id === id)?.name ?? id
    return (
      <>
        <b>{edgeTitle(edge, nameOf)}</b>
        <Facts facts={edgeFacts(edge)} />
      </>
    )
  }
  if (!node) return null
  const ways = graph.edges.filter(({ kind, to }) => kind === 'connection' && to === node.id)
  return (
    <>
      <b class="graph-card-name">{node.name}</b>
      <span class="soft">
        {KIND_WORDS[node.kind]}, {node.status}
      </span>
      <Facts facts={node.facts} />
      {ways.map((way) => (
        <Facts key={way.id} facts={[['Over', way.transport ?? ''], ...edgeFacts(way)]} />
      ))}
      {stays && <a href={node.href}>{LINK_WORDS[node.kind]}</a>}
    </>
  )
}

const LINK_WORDS: Readonly<Record<GraphNode['kind'], string>> = {
  self: 'Show the processes',
  peer: 'Open the page of the peer',
  relay: 'Open the page of the relay',
  process: 'Open the page of the process',
  remote: 'Open the page of its peer',
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  if (facts.length === 0) return null
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
