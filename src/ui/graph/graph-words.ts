import { formatBytes, formatMs } from '../kit/format.ts'
import type { Fact, Graph, GraphEdge, GraphNode, NodeKind } from './graph-data.ts'

export const KIND_WORDS: Readonly<Record<NodeKind, string>> = {
  self: 'this tab',
  relay: 'relay',
  peer: 'peer',
  process: 'process',
  remote: 'process of a peer',
}

export function rateWords(rate: number | undefined): string {
  return rate === undefined ? formatBytes(undefined) : `${formatBytes(rate)}/s`
}

/** What an edge is, with the names of its nodes. */
export function edgeTitle({ kind, from, to, transport }: GraphEdge, nameOf: (id: string) => string): string {
  const [one, other] = [nameOf(from), nameOf(to)]
  if (kind === 'watch') return `${one} watches ${other}`
  if (kind === 'link') return `${one} is linked with ${other}`
  if (kind === 'home') return `${other} runs at ${one}`
  return `${one} to ${other}: ${transport}`
}

/** The numbers of an edge. */
export function edgeFacts({ kind, latencyMs, inRate, outRate, method }: GraphEdge): readonly Fact[] {
  if (kind === 'watch' && method !== undefined) return [['Tells it in', method]]
  if (kind !== 'connection') return []
  return [
    ['Latency', formatMs(latencyMs)],
    ['In', rateWords(inRate)],
    ['Out', rateWords(outRate)],
  ]
}

/** A node in a few words. */
export function nodeWords({ kind, name, status, facts }: GraphNode): string {
  return [`${name}, ${KIND_WORDS[kind]}`, status, factWords(facts)].filter((words) => words !== '').join(', ')
}

export function factWords(facts: readonly Fact[]): string {
  return facts.map(([name, value]) => `${name} ${value}`).join(', ')
}

/** What leads from a node to others, as its row in the table says it. The ids are those of the nodes. */
export function edgesByNode({ nodes, edges, own }: Graph): ReadonlyMap<string, string> {
  let words = ownWords.get(own)
  if (!words) ownWords.set(own, (words = wordsOf(nodes, own)))
  const others = wordsOf(nodes, edges.slice(0, edges.length - own.length))
  return new Map([...words, ...[...others].map(([id, text]) => [id, joined(text, words.get(id))] as const)])
}

/** The words of the edges that only change with the processes. */
const ownWords = new WeakMap<readonly GraphEdge[], ReadonlyMap<string, string>>()

function joined(one: string, other: string | undefined): string {
  return other === undefined ? one : `${one}; ${other}`
}

function wordsOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): ReadonlyMap<string, string> {
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const nameOf = (id: string): string => names.get(id) ?? id
  const words = new Map<string, string>()
  const add = (id: string, text: string): void => {
    const before = words.get(id)
    words.set(id, before === undefined ? text : `${before}; ${text}`)
  }
  for (const edge of edges) {
    const { kind, from, to, transport, method } = edge
    if (kind === 'connection') {
      const way = from === nodes[0]?.id ? '' : ` over ${nameOf(from)}`
      add(to, `${transport}${way}: ${factWords(edgeFacts(edge))}`)
    } else if (kind === 'watch') {
      add(from, `watches ${nameOf(to)}${method === undefined ? '' : ` in ${method}`}`)
      add(to, `watched by ${nameOf(from)}`)
    } else if (kind === 'link') {
      add(from, `linked with ${nameOf(to)}`)
      add(to, `linked with ${nameOf(from)}`)
    } else add(to, from === nodes[0]?.id ? 'runs in this tab' : `runs at ${nameOf(from)}`)
  }
  return words
}
