import type { CallBlock } from '../../glia/trace/call-block.ts'
import type { CallTrace } from '../../glia/trace/call-trace.ts'
import { callsOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import type { Note } from '../../glia/trace/note.ts'

/** Calls that one look reads of a block. Of more calls nobody sees a single one. */
const MOST = 64
/** Processes of other peers that are remembered, those that were called last. */
const MAX_CALLED = 100

/** A process of another peer, and how often it was called through this tab. */
export interface CalledProcess {
  readonly host: string
  readonly pid: string
  readonly calls: number
}

/** A call that has just begun or ended. */
export interface SeenCall extends Pick<TracedCall, 'way' | 'caller' | 'host' | 'pid'> {
  /** `begun`: it goes on. `ended`: its beginning was seen. `whole`: it began and ended since the last look. */
  readonly seen: 'begun' | 'ended' | 'whole'
  readonly failed: boolean
}

/** Tells which calls of a record are new at each look. */
export class CallWatch {
  /** The processes of other peers, the last called ones at the end. */
  readonly called = new Map<string, CalledProcess>()
  /** Calls of them. */
  calls = 0
  readonly #trace: CallTrace
  #version = -1
  /** The greatest id that was seen. */
  #lastId = 0
  #block: CallBlock | undefined
  #size = 0

  /** The calls before it are not new. Processes that were called lately are remembered. */
  constructor(trace: CallTrace) {
    this.#trace = trace
    this.look()
  }

  look(): SeenCall[] {
    if (this.#trace.version === this.#version) return []
    this.#version = this.#trace.version
    const seenBefore = this.#lastId
    const calls: SeenCall[] = []
    for (const call of this.#ended()) {
      const isNew = call.id > seenBefore
      calls.push({ ...partsOf(call), seen: isNew ? 'whole' : 'ended', failed: call.status !== 'ok' })
      if (isNew) this.#count(call)
      this.#lastId = Math.max(this.#lastId, call.id)
    }
    for (const note of this.#trace.pending) {
      if (note.id <= seenBefore) continue
      const call = callOf(note)
      calls.push({ ...call, seen: 'begun', failed: false })
      this.#count(call)
      this.#lastId = Math.max(this.#lastId, note.id)
    }
    return calls
  }

  /** The last calls that have ended since the last look. */
  #ended(): TracedCall[] {
    const { blocks } = this.#trace
    const at = this.#block ? blocks.lastIndexOf(this.#block) : -1
    const calls: TracedCall[] = []
    // Those before were seen, or are more than one look reads.
    for (const block of blocks.slice(Math.max(at, blocks.length - 2, 0))) {
      const from = block === this.#block ? this.#size : 0
      calls.push(...callsOf(block, Math.max(from, block.size - MOST)))
    }
    this.#block = blocks.at(-1)
    this.#size = this.#block?.size ?? 0
    return calls
  }

  #count({ way, host, pid }: Pick<SeenCall, 'way' | 'host' | 'pid'>): void {
    if (way === 'in') return
    this.calls += 1
    const key = `${host}/${pid}`
    const calls = (this.called.get(key)?.calls ?? 0) + 1
    this.called.delete(key)
    this.called.set(key, { host, pid, calls })
    const [oldest] = this.called.keys()
    if (this.called.size > MAX_CALLED && oldest !== undefined) this.called.delete(oldest)
  }
}

type Parts = Pick<TracedCall, 'way' | 'caller' | 'host' | 'pid'>

function partsOf({ way, caller, host, pid }: Parts): Parts {
  return { way, caller, host, pid }
}

function callOf({ way, stream }: Note): Parts {
  return { way, caller: stream.caller, host: stream.destination, pid: stream.procId }
}
