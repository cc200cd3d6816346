import { useEffect, useMemo, useRef } from 'preact/hooks'
import { FilterField } from '../kit/filter-field.tsx'
import { formatCount } from '../kit/format.ts'
import { peerNames, peerWords } from '../kit/peer-names.ts'
import type { ViewProps } from '../page.ts'
import { hashOf } from '../route.ts'
import type { SeenCall } from './call-watch.ts'
import { firstOf, type Graph, graphOf } from './graph-data.ts'
import { GraphLegend } from './graph-legend.tsx'
import { GraphStage } from './graph-stage.tsx'
import { GraphState } from './graph-state.ts'
import { GraphTable, ToldTable } from './graph-table.tsx'

/** Most nodes on the canvas. The table has all. */
const MAX_NODES = 400

/** This peer, the peers and relays around it, and their processes, as a graph or as a table. */
export function GraphView({ model, page }: ViewProps) {
  const state = page.kept(GraphState)
  const seen = useRef<(calls: readonly SeenCall[]) => void>(() => undefined)
  useEffect(() => state.follow(model, (calls) => seen.current(calls)), [])
  const self = model.peerId.value
  const [processes, peers, relays] = [model.processes.value, model.peers.value, model.relays.value]
  const [carried, called] = [state.carried.value, state.called.value]
  const graph = useMemo(
    () => (self === undefined ? undefined : graphOf({ self, processes, peers, relays, carried, called, peerWords })),
    [self, processes, peers, relays, carried, called, peerNames.value],
  )
  const first = useMemo(() => graph && firstOf(graph, MAX_NODES), [graph])
  state.graph = graph
  if (!graph || !first || self === undefined) {
    return <p class="soft hint">The graph is drawn once the peer of this tab has started.</p>
  }
  const { isTable } = state
  return (
    <section class="panel" aria-labelledby="graph-heading">
      <h2>
        <span id="graph-heading">Graph</span> <span class="soft count">{countWords(graph)}</span>
        <span class="grow" />
        {isTable.value && <FilterField label="Filter the table" value={state.table.filter} />}
        <button
          type="button"
          class="button"
          aria-pressed={isTable.value}
          onClick={() => (isTable.value = !isTable.value)}
        >
          Table
        </button>
      </h2>
      {first.nodes.length < graph.nodes.length && (
        <p class="soft hint">
          The graph shows {formatCount(first.nodes.length)} of {formatCount(graph.nodes.length)} nodes. The table has
          all.
        </p>
      )}
      {isTable.value ? (
        <GraphTable graph={graph} state={state} />
      ) : (
        <>
          <GraphStage graph={first} self={self} state={state} seen={seen} />
          <ToldTable graph={state.told.value ?? graph} />
          {peers.every(({ link, relay }) => relay || link === 'none') && <NobodyElse />}
          <GraphLegend />
        </>
      )}
    </section>
  )
}

function NobodyElse() {
  return (
    <p class="soft hint">
      No other peer is connected: the graph has this tab, its processes and its relays. Peers appear here when they
      join. <a href={hashOf('peers')}>Invite somebody</a>
    </p>
  )
}

function countWords({ nodes, edges }: Graph): string {
  const connections = edges.filter(({ kind }) => kind === 'connection').length
  const ties = edges.filter(({ kind }) => kind === 'watch' || kind === 'link').length
  return [
    count(nodes.length, 'node', 'nodes'),
    count(connections, 'connection', 'connections'),
    ...(ties > 0 ? [count(ties, 'watch or link', 'watches and links')] : []),
  ].join(', ')
}

function count(number: number, one: string, many: string): string {
  return `${formatCount(number)} ${number === 1 ? one : many}`
}
