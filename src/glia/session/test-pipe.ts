import type { SessionChannel } from './session.ts'
import type { World } from './test-world.ts'

type Handlers = Parameters<SessionChannel['listen']>[0]

/** How one direction of a pipe carries bytes. Lists are gone through again and again. */
export interface PipeManner {
  /** Sizes of the pieces in which bytes arrive, in bytes. */
  pieces: readonly number[]
  /** How long each piece is under way, in ms. Pieces do not overtake each other. */
  delaysMs: readonly number[]
  /** Bytes under way at which the pipe is full. */
  capacityBytes: number
}

/** Sees what an end sends, and what arrives of it at the other end. */
export interface PipeTap {
  sent(bytes: Uint8Array): void
  arrived(bytes: Uint8Array): void
}

/** Pieces that are cut of one send. The rest of it is one more, so that large sends take no more time than small ones. */
const MAX_PIECES = 8

/** One end of a pipe in a {@link World}: what it sends arrives in pieces, late, and perhaps not at all. */
export class PipeEnd implements SessionChannel {
  /** Whether what is sent is lost, and nobody notices. */
  silent = false
  /** Whether sending throws. */
  broken = false
  closed = false
  readonly #world: World
  readonly #manner: PipeManner
  readonly #tap: PipeTap | undefined
  #handlers: Handlers | undefined
  #other: PipeEnd | undefined
  #onTheirWay = 0
  #full = false
  readonly #queue: (() => void)[] = []
  #pieces = 0
  #lastAt = 0

  constructor(world: World, manner: PipeManner, tap?: PipeTap) {
    this.#world = world
    this.#manner = manner
    this.#tap = tap
  }

  connect(other: PipeEnd): void {
    this.#other = other
  }

  listen(handlers: Handlers): void {
    this.#handlers = handlers
  }

  send(bytes: Uint8Array): boolean {
    if (this.closed || this.broken) throw new Error('The channel is closed.')
    if (bytes.length === 0) throw new Error('A send of nothing.')
    this.#tap?.sent(bytes)
    if (this.silent) return true
    for (const piece of this.#cut(bytes)) {
      this.#onTheirWay += piece.length
      this.#later(() => this.#deliver(piece))
    }
    this.#full = this.#onTheirWay >= this.#manner.capacityBytes
    return !this.#full
  }

  close(reason?: Error): void {
    if (this.closed) return
    this.closed = true
    // A reset overtakes what is under way.
    if (reason) this.silent = true
    this.#later(() => this.#other?.end(reason && new Error('The channel was reset.')))
  }

  /** The transport below ends, or the other end has closed. */
  end(reason: Error | undefined): void {
    if (this.closed) return
    this.closed = true
    this.#handlers?.closed(reason)
  }

  arrive(piece: Uint8Array): void {
    if (!this.closed) this.#handlers?.data(piece)
  }

  #deliver(piece: Uint8Array): void {
    this.#onTheirWay -= piece.length
    if (this.silent) return
    if (this.#other && !this.#other.closed) this.#tap?.arrived(piece)
    // A copy, because its receiver must not count on bytes that stay.
    const lent = piece.slice()
    this.#other?.arrive(lent)
    lent.fill(0xee)
    if (!this.#full || this.#onTheirWay >= this.#manner.capacityBytes / 2 || this.closed) return
    this.#full = false
    this.#handlers?.drain()
  }

  *#cut(bytes: Uint8Array): Iterable<Uint8Array> {
    let start = 0
    for (let count = 1; start < bytes.length; count++) {
      const size = count > MAX_PIECES ? bytes.length : at(this.#manner.pieces, this.#pieces++)
      yield bytes.subarray(start, start + size)
      start += size
    }
  }

  /** Runs something after the delay, behind all that came before. */
  #later(run: () => void): void {
    this.#queue.push(run)
    this.#lastAt = Math.max(this.#lastAt, this.#world.now + at(this.#manner.delaysMs, this.#pieces))
    this.#world.after(this.#lastAt - this.#world.now, () => this.#world.soon(() => this.#queue.shift()?.()))
  }
}

function at(list: readonly number[], index: number): number {
  return list[index % list.length] ?? 0
}
