import type { CallBlock } from '../../glia/trace/call-block.ts'
import { type CallTrace, MAX_TRACED } from '../../glia/trace/call-trace.ts'
import { callsOf, type KeptBlock, pendingCall, type TracedCall } from '../../glia/trace/read-calls.ts'
import { NO_PARTIES, type Parties, PartyCounts } from './parties.ts'

/** The recorded calls as rows. Each call that ended is read once, and a new one costs nothing for the others. */
export class CallRows {
  /** Who takes part in the calls of the last list. The same object while nobody comes or goes. */
  parties: Parties = NO_PARTIES
  /** Calls that ended, by their ids. */
  readonly #ended: TracedCall[] = []
  /** How many calls of each block were read. */
  #read = new Map<CallBlock, number>()
  #counts = new PartyCounts()

  /** Calls of earlier pages. */
  addEarlier(blocks: readonly KeptBlock[]): void {
    this.#add(blocks.flatMap((block) => callsOf(block)))
  }

  /** All calls until now, the newest first. */
  list({ blocks, pending }: CallTrace, now = performance.now()): TracedCall[] {
    const read = new Map(blocks.map((block) => [block, block.size]))
    this.#add(blocks.flatMap((block) => callsOf(block, this.#read.get(block) ?? 0)))
    this.#read = read
    const running = Array.from(pending, (note) => pendingCall(note, now))
    this.parties = this.#counts.with(running, this.parties)
    const all = [...this.#ended]
    insert(all, running)
    return all.toReversed()
  }

  clear(): void {
    this.#ended.length = 0
    this.#counts = new PartyCounts()
  }

  #add(calls: TracedCall[]): void {
    if (calls.length === 0) return
    insert(this.#ended, calls)
    for (const call of calls) this.#counts.add(call)
    const over = Math.max(0, this.#ended.length - MAX_TRACED)
    for (const call of this.#ended.splice(0, over)) this.#counts.remove(call)
  }
}

/**
 * Puts calls into others that are in the order of their ids. Calls end about in the order in which they begin, so only the
 * last ones are put in order again.
 */
function insert(ordered: TracedCall[], calls: readonly TracedCall[]): void {
  const first = calls.reduce((least, { id }) => Math.min(least, id), Infinity)
  let at = ordered.length
  while (at > 0 && (ordered[at - 1]?.id ?? 0) > first) at -= 1
  const tail = [...ordered.splice(at), ...calls].sort((a, b) => a.id - b.id)
  for (const call of tail) ordered.push(call)
}
