import type { GliaError } from '../errors.ts'
import { isOfThisBrowser } from '../process/callers.ts'
import type { Stream } from '../stream/stream.ts'
import { BLOCK_CALLS, CallBlock } from './call-block.ts'
import { Note, type Way } from './note.ts'
import { newTraces, POOL_TRACES, traceAt } from './trace-ids.ts'

/** Calls that are remembered. */
export const MAX_TRACED = 10_000
const MAX_BLOCKS = Math.ceil(MAX_TRACED / BLOCK_CALLS)
/** Calls of strangers that were refused, in each block. However many come, they push out few others. */
const MAX_REFUSED = 16
/** Ids of calls that begin in the same ms. So the ids of a page are greater than those of the page before it. */
const IDS_PER_MS = 1000

/** Records the last calls that pass the router of this peer. It costs less than a microsecond per call. */
export class CallTrace {
  /** Calls that ended, in blocks, the oldest first. */
  readonly blocks: CallBlock[] = []
  /** Changes with every call that begins or ends. */
  version = 0
  /** Refused calls of strangers that are not in the blocks. */
  unlisted = 0
  /** The smallest id of this page. */
  readonly firstId = Date.now() * IDS_PER_MS
  /** Called with the first change after a {@link notice}. */
  changed: (() => void) | undefined
  readonly #pending = new Set<Note>()
  /** Traces for calls that need theirs before they are over, and how many of them are used. */
  #traces: Uint8Array | undefined
  #used = 0
  #calls = 0
  #refused = 0
  #isNoticed = false

  /** Calls under way, the oldest first. */
  get pending(): Iterable<Note> {
    return this.#pending
  }

  begin(stream: Stream, way: Way): Note {
    this.#calls += 1
    const note = new Note(this.firstId + this.#calls, way, stream, this)
    this.#pending.add(note)
    this.#touch()
    return note
  }

  /** @param error Why the call failed. */
  end(note: Note, error?: GliaError): void {
    this.#pending.delete(note)
    this.#touch()
    const hadTurn = note.served?.turnAt !== undefined
    if (error && !hadTurn && note.way === 'in' && !isOfThisBrowser(note.stream.caller)) {
      this.#refused += 1
      if (this.#refused > MAX_REFUSED) {
        this.unlisted += 1
        return
      }
    }
    this.#block().add(note, error)
  }

  /** A trace that no other call has. */
  newTrace(): string {
    if (!this.#traces || this.#used === POOL_TRACES) {
      this.#traces = newTraces()
      this.#used = 0
    }
    return traceAt(this.#traces, this.#used++)
  }

  /** Forgets the calls that ended. */
  clear(): void {
    this.blocks.length = 0
    this.unlisted = 0
    this.#touch()
  }

  /** The changes until now have been seen. */
  notice(): void {
    this.#isNoticed = false
  }

  #block(): CallBlock {
    const last = this.blocks.at(-1)
    if (last && last.size < BLOCK_CALLS) return last
    const block = new CallBlock()
    this.#refused = 0
    this.blocks.push(block)
    if (this.blocks.length > MAX_BLOCKS) this.blocks.shift()
    return block
  }

  #touch(): void {
    this.version += 1
    if (this.#isNoticed) return
    this.#isNoticed = true
    this.changed?.()
  }
}
