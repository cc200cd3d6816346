import { chainNameOf } from '../chain-name.ts'
import { isPeerId } from '../peer-id.ts'
import type { TracedCall } from './read-calls.ts'
import { fromOf, type ToldCall, type ToldTrace } from './told-call.ts'

/** Peers that are asked for one trace. */
export const MAX_ASKED = 8
/** Calls of this peer that are put together with those of others, and calls that are shown. */
export const MAX_SHOWN = 256

/** A call of a chain, with what both ends of it know. */
export interface ChainCall {
  readonly from: string
  readonly to: string
  readonly method: string
  readonly status: TracedCall['status']
  /** When it began by the clock of this peer, in ms since the epoch. */
  readonly at: number
  readonly ms: number
  /** `network`: on the way, both ways. `queue`, `run`: at the called peer; undefined if it told nothing. */
  readonly network: number | undefined
  readonly queue: number | undefined
  readonly run: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** Its record here, if there is one. */
  readonly own: TracedCall | undefined
  /** Id of the peer that told of it; undefined for this one. */
  readonly by: string | undefined
  /** How many calls of the chain wait for it. */
  depth: number
}

/** What a peer that was asked has said. */
export interface Answer {
  readonly peer: string
  readonly told: ToldTrace
  /** When it came, in ms since the epoch. */
  readonly at: number
}

/** One end of a call. */
interface End {
  readonly call: Omit<ToldCall, 'agoMs'> & { readonly at: number }
  readonly own: TracedCall | undefined
  readonly by: string | undefined
}

/** The calls of a trace: each one after the call for which it was made. */
export function chainOf(self: string, own: readonly TracedCall[], answers: readonly Answer[]): ChainCall[] {
  const ends: End[] = [
    ...own.map((call) => ({ call: ownEnd(self, call), own: call, by: undefined })),
    ...answers.flatMap(({ peer, told, at }) =>
      told.calls
        .filter((call) => isEnd(peer, call))
        .map((call) => ({ call: { ...call, at: at - call.agoMs }, own: undefined, by: peer })),
    ),
  ].toSorted((a, b) => a.call.at - b.call.at)
  const calls: ChainCall[] = []
  const used = new Set<End>()
  for (const end of ends) {
    if (used.has(end)) continue
    used.add(end)
    const other = ends.find((each) => !used.has(each) && isOtherEnd(end, each))
    if (other) used.add(other)
    calls.push(joined(end, other))
  }
  return inDepth(calls.toSorted((a, b) => a.at - b.at))
}

/** What is shown of the calls of a trace. */
export interface ShownChain {
  /** At most {@link MAX_SHOWN}. */
  readonly calls: readonly ChainCall[]
  /** Calls that are known and not among them. */
  readonly others: number
  /** Time of the call that takes longest, in ms. */
  readonly longestMs: number
  /** All that is put together, of which more peers may be seen. */
  readonly all: readonly ChainCall[]
}

/**
 * The first calls of a trace, and the current one in any case: a loop makes thousands of calls of one trace.
 * @param own The calls of this peer, the oldest first.
 * @param current Id of the call that is looked at.
 */
export function shownChain(
  self: string,
  own: readonly TracedCall[],
  answers: readonly Answer[],
  current: number,
): ShownChain {
  const first = firstOf(own, ({ id }) => id === current)
  const all = chainOf(self, first, answers)
  const calls = firstOf(all, (each) => each.own?.id === current)
  const others = own.length - first.length + all.length - calls.length
  return { calls, others, longestMs: calls.reduce((longest, { ms }) => Math.max(longest, ms), 0), all }
}

function firstOf<T>(calls: readonly T[], isCurrent: (call: T) => boolean): readonly T[] {
  if (calls.length <= MAX_SHOWN) return calls
  const first = calls.slice(0, MAX_SHOWN)
  const current = first.some(isCurrent) ? undefined : calls.find(isCurrent)
  return current === undefined ? first : [...first.slice(0, -1), current]
}

/** The peers of a trace that may know more of it, and were not asked. */
export function peersToAsk(calls: readonly ChainCall[], self: string, asked: ReadonlySet<string>): string[] {
  const named = calls.flatMap(({ from, to }) => [peerOf(to), peerOf(from)])
  const unknown = [...new Set(named)].filter((peer) => peer !== self && isPeerId(peer) && !asked.has(peer))
  return unknown.slice(0, Math.max(0, MAX_ASKED - asked.size))
}

/** The peer of a process's name in chains. */
function peerOf(name: string): string {
  return name.split('/', 1)[0] ?? name
}

function ownEnd(self: string, call: TracedCall): End['call'] {
  const { way, host, pid, method, status, at, ms, parts, bytesIn, bytesOut } = call
  const from = fromOf(self, call)
  const to = chainNameOf(host, pid)
  return { way, from, to, method, status, at, ms, networkMs: parts.network, queueMs: parts.queue, bytesIn, bytesOut }
}

/** A peer is believed about its own calls only. */
function isEnd(peer: string, { way, from, to }: ToldCall): boolean {
  return peerOf(way === 'in' ? to : from) === peer
}

/** The calling peer and the called one have a record each. */
function isOtherEnd({ call: a, by: byA }: End, { call: b, by: byB }: End): boolean {
  if (byA === byB || a.to !== b.to || a.method !== b.method || (a.way === 'in') === (b.way === 'in')) return false
  return a.from === b.from || peerOf(a.from) === peerOf(b.from)
}

function joined(end: End, other: End | undefined): ChainCall {
  const served = end.call.way === 'in' ? end : other
  const calling = served === end ? (other ?? end) : end
  const { from, to, method, at, ms, bytesIn, bytesOut } = calling.call
  // The called peer knows best how its call ended, but its caller may have been told something else.
  const { status } = calling.call
  const there = served?.call
  const run = there && Math.max(0, there.ms - there.networkMs - there.queueMs)
  return {
    from: [from, served?.call.from].find((name) => name?.includes('/')) ?? from,
    to,
    method,
    status,
    at,
    ms,
    network: there && run !== undefined ? Math.max(0, ms - there.queueMs - run) : undefined,
    queue: there?.queueMs,
    run,
    bytesIn,
    bytesOut,
    own: end.own ?? other?.own,
    by: end.own || other?.own ? undefined : calling.by,
    depth: 0,
  }
}

/** Puts each call behind the one for which it was made: the last one before it to the process that calls. */
function inDepth(calls: readonly ChainCall[]): ChainCall[] {
  const children = new Map<ChainCall | undefined, ChainCall[]>()
  calls.forEach((call, i) => {
    const parent = calls.slice(0, i).findLast((each) => each.to === call.from)
    children.set(parent, [...(children.get(parent) ?? []), call])
  })
  const list = (parent: ChainCall | undefined, depth: number): ChainCall[] =>
    (children.get(parent) ?? []).flatMap((call) => [Object.assign(call, { depth }), ...list(call, depth + 1)])
  return list(undefined, 0)
}
