import type { PeerInfo, RelayInfo } from '../../mesh/presence/peer-info.ts'
import { softwareWords } from '../kit/software.ts'
import { formatBytes, formatCount, formatMs, shortId } from '../kit/format.ts'
import type { ProcessView } from '../model.ts'
import { hashOf } from '../route.ts'
import type { CalledProcess } from './call-watch.ts'
import type { Carried } from './link-rates.ts'
import { relayIn, type Transport, transportOf } from './transport.ts'

/** What the colour of a node tells. Its status says the same in words. */
export type Tone = 'ok' | 'warn' | 'bad' | 'off'

/** A number with its name. */
export type Fact = readonly [name: string, value: string]

/** This tab, another peer, a relay, or a process. `remote`: a process of another peer. */
export type NodeKind = 'self' | 'peer' | 'relay' | 'process' | 'remote'

export interface GraphNode {
  /** A peer id, a PID of this tab, or the host and the PID of a process of another peer. */
  readonly id: string
  readonly kind: NodeKind
  readonly name: string
  readonly tone: Tone
  readonly status: string
  readonly facts: readonly Fact[]
  /** The page of the process or the peer. */
  readonly href: string
  /** The node that has it: the peer of a process. */
  readonly home?: string
}

/** A connection, a process and its peer (`home`), or what OTP calls a monitor (`watch`) and a link. */
export type EdgeKind = 'connection' | 'home' | 'watch' | 'link'

export interface GraphEdge {
  readonly id: string
  readonly kind: EdgeKind
  /** The watcher, or the side that is nearer to this tab. */
  readonly from: string
  readonly to: string
  readonly transport?: Transport
  readonly latencyMs?: number | undefined
  /** Bytes a second from and to the other peer. */
  readonly inRate?: number | undefined
  readonly outRate?: number | undefined
  /** Of a watch: the method of the watcher that is called. */
  readonly method?: string | undefined
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Those of them that the processes of this tab have: the last ones. The same array as long as the processes and their ties are the same. */
  readonly own: readonly GraphEdge[]
}

export interface GraphInput {
  /** Id of this peer. */
  readonly self: string
  readonly processes: readonly ProcessView[]
  readonly peers: readonly PeerInfo[]
  readonly relays: readonly RelayInfo[]
  /** What the connections to each peer carry. */
  readonly carried: ReadonlyMap<string, readonly Carried[]>
  /** Processes of other peers that were called. */
  readonly called: readonly CalledProcess[]
  /** A peer in words. */
  readonly peerWords: (id: string) => string
}

/** What the tab knows of the mesh, as nodes and edges. The nodes that say most come first. */
export function graphOf(input: GraphInput): Graph {
  const { self, processes, peers, relays } = input
  const own = ownPart(processes, self)
  const known = new Set([self, ...peers.map(({ peerId }) => peerId)])
  const nodes: GraphNode[] = [
    selfNode(input),
    ...relays.flatMap((relay) => lostRelay(relay, known, input)),
    ...peers.map((peer) => peerNode(peer, input)),
    ...own.nodes,
  ]
  nodes.sort((a, b) => rankOf(a) - rankOf(b))
  const remote = new Map<string, GraphNode>()
  for (const called of input.called) if (known.has(called.host)) addRemote(remote, called, input)
  for (const watched of own.watched) addRemote(remote, watched, input)
  nodes.push(...remote.values())
  const all = new Set(nodes.map(({ id }) => id))
  const others: GraphEdge[] = [
    ...peers.flatMap((peer) => (peer.link === 'none' ? [] : connectionsOf(peer, input, known))),
    ...[...remote.values()].map(({ id, home = '' }) => ({
      id: `home ${id}`,
      kind: 'home' as const,
      from: home,
      to: id,
    })),
  ]
  return {
    nodes,
    edges: [...others.filter(({ from, to }) => all.has(from) && all.has(to)), ...own.edges],
    own: own.edges,
  }
}

/** What the processes of this tab are in a graph. */
interface OwnPart extends OwnEdges {
  readonly nodes: readonly GraphNode[]
}

interface OwnEdges {
  readonly self: string
  readonly edges: readonly GraphEdge[]
  /** Processes of other peers that they watch. */
  readonly watched: readonly CalledProcess[]
}

/** The graph is made every second, and the processes change only with a call. */
const ownParts = new WeakMap<readonly ProcessView[], OwnPart>()
/** The edges that were made last. A call changes a process and not what it is tied to. */
let lastEdges: { of: readonly ProcessView[]; edges: OwnEdges } | undefined

function ownPart(processes: readonly ProcessView[], self: string): OwnPart {
  const known = ownParts.get(processes)
  if (known?.self === self) return known
  const isSame = lastEdges?.edges.self === self && haveSameTies(lastEdges.of, processes)
  const edges = isSame && lastEdges ? lastEdges.edges : ownEdges(processes, self)
  lastEdges = { of: processes, edges }
  const part = { ...edges, nodes: processes.map((process) => ownNode(process, self)) }
  ownParts.set(processes, part)
  return part
}

function haveSameTies(before: readonly ProcessView[], now: readonly ProcessView[]): boolean {
  return before.length === now.length && now.every((process, i) => isTiedAs(process, before[i]))
}

function isTiedAs(process: ProcessView, other: ProcessView | undefined): boolean {
  if (process === other) return true
  if (process.pid !== other?.pid || process.ties.length !== other.ties.length) return false
  return process.ties.every(({ kind, pid, host, method }, i) => {
    const tie = other.ties[i]
    return kind === tie?.kind && pid === tie.pid && host === tie.host && method === tie.method
  })
}

function ownEdges(processes: readonly ProcessView[], self: string): OwnEdges {
  const pids = new Set(processes.map(({ pid }) => pid))
  const edges: GraphEdge[] = processes.map(({ pid }) => ({ id: `home ${pid}`, kind: 'home', from: self, to: pid }))
  const watched: CalledProcess[] = []
  for (const { pid, ties } of processes) {
    for (const { kind, pid: other, host, method } of ties) {
      if (host === undefined && !pids.has(other)) continue
      if (host !== undefined && kind === 'watched') watched.push({ host, pid: other, calls: 0 })
      const to = host === undefined ? other : remoteId(host, other)
      // A tie is told by both of its processes.
      if (kind === 'watched') edges.push({ id: `watch ${pid} ${to} ${method}`, kind: 'watch', from: pid, to, method })
      if (kind === 'linked' && pid < other) edges.push({ id: `link ${pid} ${to}`, kind: 'link', from: pid, to })
    }
  }
  return { self, edges, watched }
}

/** The node of each process. A call changes one process among a thousand. */
const ownNodes = new WeakMap<ProcessView, GraphNode>()

function ownNode(process: ProcessView, self: string): GraphNode {
  const known = ownNodes.get(process)
  if (known?.home === self) return known
  const node = processNode(process, self)
  ownNodes.set(process, node)
  return node
}

/** The first nodes, and the edges between them. */
export function firstOf(graph: Graph, most: number): Graph {
  const { nodes, edges, own } = graph
  if (nodes.length <= most) return graph
  const shown = nodes.slice(0, most)
  const ids = new Set(shown.map(({ id }) => id))
  const isShown = ({ from, to }: GraphEdge): boolean => ids.has(from) && ids.has(to)
  return { nodes: shown, edges: edges.filter(isShown), own: own.filter(isShown) }
}

/** The id of the node of a process of another peer. */
export function remoteId(host: string, pid: string): string {
  return `${host}/${pid}`
}

function selfNode({ self, processes, peers }: GraphInput): GraphNode {
  const connected = peers.filter(({ link, relay }) => link !== 'none' && !relay).length
  return {
    id: self,
    kind: 'self',
    name: 'This tab',
    tone: 'ok',
    status: shortId(self),
    facts: [
      ['Processes', formatCount(processes.length)],
      ['Connected peers', formatCount(connected)],
    ],
    href: hashOf('processes'),
  }
}

/** A relay without a connection is not among the peers. */
function lostRelay(
  { peerId, address, state, error }: RelayInfo,
  known: ReadonlySet<string>,
  { peerWords }: GraphInput,
): GraphNode[] {
  const id = peerId ?? address
  if (known.has(id)) return []
  const status = state === 'connecting' ? 'is being reached' : (error ?? 'not reached, tries again')
  return [
    {
      id,
      kind: 'relay',
      name: peerId === undefined ? address : peerWords(peerId),
      tone: state === 'connecting' ? 'warn' : 'bad',
      status,
      facts: [],
      href: hashOf('peers'),
    },
  ]
}

const LINK: Readonly<Record<PeerInfo['link'], { status: string; tone: Tone }>> = {
  direct: { status: 'direct', tone: 'ok' },
  relayed: { status: 'relayed', tone: 'warn' },
  none: { status: 'known, not connected', tone: 'off' },
}

function peerNode(peer: PeerInfo, { relays, peerWords }: GraphInput): GraphNode {
  const { peerId, link, relay, agent } = peer
  const software = softwareWords(agent)
  const isRelay = relay || relays.some((each) => each.peerId === peerId)
  return {
    id: peerId,
    kind: isRelay ? 'relay' : 'peer',
    name: peerWords(peerId),
    ...LINK[link],
    facts: software === undefined ? [] : [['Software', software]],
    href: hashOf('peers', peerId),
  }
}

const STATES: Readonly<Record<ProcessView['state'], { status: string; tone: Tone }>> = {
  cold: { status: 'not loaded', tone: 'off' },
  hibernated: { status: 'hibernated (its memory is kept)', tone: 'off' },
  starting: { status: 'starting', tone: 'warn' },
  idle: { status: 'idle', tone: 'ok' },
  busy: { status: 'busy', tone: 'warn' },
  backoff: { status: 'comes back', tone: 'warn' },
  dead: { status: 'ended', tone: 'bad' },
}

function processNode(
  { pid, name, state, messages, waiting, p50Ms, memoryBytes }: ProcessView,
  self: string,
): GraphNode {
  return {
    id: pid,
    kind: 'process',
    name,
    ...STATES[state],
    facts: [
      ['Messages', formatCount(messages)],
      ['Waiting', formatCount(waiting)],
      ['p50', formatMs(p50Ms)],
      ['Memory', formatBytes(memoryBytes)],
    ],
    href: hashOf('p', pid),
    home: self,
  }
}

function addRemote(
  nodes: Map<string, GraphNode>,
  { host, pid, calls }: CalledProcess,
  { peerWords }: GraphInput,
): void {
  const id = remoteId(host, pid)
  if (nodes.has(id)) return
  nodes.set(id, {
    id,
    kind: 'remote',
    name: shortId(pid),
    tone: 'off',
    status: `at ${peerWords(host)}`,
    facts: calls > 0 ? [['Calls from here', formatCount(calls)]] : [],
    href: hashOf('peers', host),
    home: host,
  })
}

/** One edge for each way on which a peer is connected. A relayed one begins at the relay. */
function connectionsOf(peer: PeerInfo, { self, carried }: GraphInput, known: ReadonlySet<string>): GraphEdge[] {
  const { peerId, address, latencyMs } = peer
  const edges = new Map<string, GraphEdge>()
  const told = carried.get(peerId) ?? [{ address, latencyMs, inRate: undefined, outRate: undefined }]
  for (const each of told) {
    const transport = transportOf(each.address)
    const relay = relayIn(each.address)
    const from = relay !== undefined && known.has(relay) ? relay : self
    const id = `${transport} ${from} ${peerId}`
    const same = edges.get(id)
    edges.set(id, {
      id,
      kind: 'connection',
      from,
      to: peerId,
      transport,
      latencyMs: each.latencyMs ?? same?.latencyMs,
      inRate: sumOf(same?.inRate, each.inRate),
      outRate: sumOf(same?.outRate, each.outRate),
    })
  }
  return [...edges.values()]
}

function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
}

/** Where there is no room for all nodes, the last ones are left out. */
function rankOf({ kind, tone }: GraphNode): number {
  if (kind === 'self') return 0
  if (kind === 'relay') return 1
  if (kind === 'peer') return tone === 'off' ? 6 : 2
  return tone === 'warn' ? 3 : tone === 'off' ? 5 : 4
}
