import type { CallBlock } from '../../glia/trace/call-block.ts'
import { type CallTrace, MAX_TRACED } from '../../glia/trace/call-trace.ts'
import { callsOf, type KeptBlock, pendingCall, type TracedCall } from '../../glia/trace/read-calls.ts'

/** The recorded calls as rows. Each call that ended is read once. */
export class CallRows {
  /** Calls that ended, by their ids. */
  #ended: TracedCall[] = []
  /** How many calls of each block were read. */
  #read = new Map<CallBlock, number>()

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
    return byId([...this.#ended, ...running]).toReversed()
  }

  clear(): void {
    this.#ended = []
  }

  #add(calls: readonly TracedCall[]): void {
    if (calls.length === 0) return
    this.#ended = byId([...this.#ended, ...calls]).slice(-MAX_TRACED)
  }
}

/** Almost in order already, since calls end about in the order in which they begin. */
function byId(calls: readonly TracedCall[]): TracedCall[] {
  return calls.toSorted((a, b) => a.id - b.id)
}
