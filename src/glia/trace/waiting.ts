import { isOfThisBrowser } from '../process/callers.ts'
import type { Sender } from '../process/fair-queue.ts'
import type { Line } from '../process/mailbox.ts'
import type { Proc } from '../process/proc.ts'
import type { Note } from './note.ts'

/** What a call under way waits for. `since` is on the clock of `performance.now()`. */
export type Waiting = { readonly since: number } & (
  | { readonly for: 'message' | 'input' | 'program' | 'peer' | 'reply' | 'start' }
  | { readonly for: 'backoff'; readonly until: number }
  | {
      readonly for: 'turn'
      /** Its place in the mailbox, from 1, if nothing else comes; and the messages there. */
      readonly position: number
      readonly waiting: number
      /** Acts of the owner that go first. */
      readonly acts: number
      /** The call with the turn; undefined if an act of the owner has it. */
      readonly holder: Note | undefined
    }
  | { readonly for: 'calls'; readonly calls: readonly Note[] }
)

export interface WaitingInit {
  pending: Iterable<Note>
  proc(pid: string): Proc | undefined
}

/** Why a call is not over. */
export function whyWaiting(note: Note, { pending, proc: procOf }: WaitingInit): Waiting {
  const { served, startedAt } = note
  if (note.way !== 'in') {
    return note.reachedAt === 0 ? { for: 'peer', since: startedAt } : { for: 'reply', since: note.reachedAt }
  }
  const proc = procOf(note.stream.procId)
  if (!served || !proc) return { for: 'message', since: startedAt }
  const all = [...pending]
  if (served.turnAt === undefined) return forTurn(served, all, proc)
  const since = served.turnAt
  if (proc.state === 'starting') return { for: 'start', since }
  const calls = all.filter(({ stream }) => stream.caller === proc.pid)
  if (calls.length > 0) return { for: 'calls', calls, since: Math.max(since, ...calls.map((each) => each.startedAt)) }
  return { for: proc.awaitsInput ? 'input' : 'program', since }
}

function forTurn(served: NonNullable<Note['served']>, all: readonly Note[], proc: Proc): Waiting {
  const since = served.startedAt
  const { status, line } = proc
  if (status.state === 'backoff') return { for: 'backoff', until: status.until, since }
  const order = orderOf(line)
  const holder = all.find((each) => each.served !== undefined && each.served === proc.holder)
  return {
    for: 'turn',
    position: Math.max(1, order.indexOf(served) + 1),
    waiting: order.length,
    acts: line.acts,
    holder,
    since,
  }
}

/** The messages in the order of their turns, if each of them stays as it is and no other comes. */
function orderOf({ owner, others }: Line): (object | undefined)[] {
  return [...inTurns(owner), ...inTurns(others)].map(({ call }) => call)
}

/** Peers in turns, and within a peer its clients in turns, as `FairQueue` serves them. */
function inTurns<T extends Sender>(items: readonly T[]): T[] {
  return byTurns(grouped(items, ({ peer }) => peer).map((ofPeer) => byTurns(grouped(ofPeer, ({ client }) => client))))
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return [...groups.values()]
}

function byTurns<T>(groups: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...groups.map(({ length }) => length))
  return Array.from({ length: longest }, (_, turn) => groups.flatMap((group) => group.slice(turn, turn + 1))).flat()
}

/** That one process waits for another, by their names in chains. */
export interface Wait {
  readonly from: string
  readonly to: string
}

/**
 * The waits that are seen in calls under way: the process that calls waits for the one that it calls, and each process in
 * the chain for the next one.
 * @param nameOf The name of a process in chains.
 */
export function waitsOf(pending: Iterable<Note>, nameOf: (host: string, pid: string) => string, self: string): Wait[] {
  return [...pending].flatMap(({ stream }) => {
    const { caller, context, destination, procId } = stream
    const own = caller !== 'browser' && isOfThisBrowser(caller) ? nameOf(self, caller) : undefined
    const chain = own !== undefined && context.chain.at(-1) !== own ? [...context.chain, own] : context.chain
    const names = [...chain, nameOf(destination, procId)]
    return names.slice(1).map((to, i) => ({ from: names[i] ?? to, to }))
  })
}

/** A ring of processes that wait for each other, which contains the given one; undefined if there is none. */
export function ringOf(name: string, waits: readonly Wait[]): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const next = [name]
  for (let at = next.shift(); at !== undefined; at = next.shift()) {
    for (const { from, to } of waits) {
      if (from !== at) continue
      if (to === name) return ringBack(name, at, cameFrom)
      if (cameFrom.has(to)) continue
      cameFrom.set(to, at)
      next.push(to)
    }
  }
  return undefined
}

function ringBack(name: string, last: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const ring: string[] = []
  for (let at: string | undefined = last; at !== undefined && at !== name; at = cameFrom.get(at)) ring.unshift(at)
  return [name, ...ring]
}
