import { GliaError } from '../../glia/errors.ts'

/** How long something can be undone, in ms. A page offers it for 10 s. Its message may be 5 s on its way. */
export const UNDO_MS = 15_000
/** Most acts that can be undone at a time. Past it the oldest one cannot any more. */
const MAX_ACTS = 16
/** Most memory that they hold together, in bytes. The newest one may hold more. */
const MAX_BYTES = 256 * 1024 * 1024

/** Something that was done, and can be undone for a while. */
export interface Act {
  /** What it holds in memory meanwhile. Left out: next to nothing. */
  readonly bytes?: number
  undo(): Promise<void>
}

/** What was done with processes not long ago, and can be undone. It ends with the peer. */
export class Undos {
  /** By id, the oldest first. */
  readonly #acts = new Map<string, { readonly act: Act; readonly timer: ReturnType<typeof setTimeout> }>()

  /** @returns the id with which it is undone. */
  add(act: Act): string {
    const id = crypto.randomUUID()
    this.#acts.set(id, { act, timer: setTimeout(() => this.#take(id), UNDO_MS) })
    for (const [oldest] of this.#acts) {
      if (oldest === id || (this.#acts.size <= MAX_ACTS && this.#bytes() <= MAX_BYTES)) break
      this.#take(oldest)
    }
    return id
  }

  /** Once for each. @throws {GliaError} ERR_TOO_LATE; why it cannot be undone */
  async undo(id: string | undefined): Promise<void> {
    const act = id === undefined ? undefined : this.#take(id)
    if (!act) {
      throw new GliaError('ERR_TOO_LATE', `It is too late to undo that: a peer can for ${UNDO_MS / 1000} s, and once.`)
    }
    await act.undo()
  }

  /** Nothing can be undone any more. */
  stop(): void {
    for (const id of this.#acts.keys()) this.#take(id)
  }

  #bytes(): number {
    let bytes = 0
    for (const { act } of this.#acts.values()) bytes += act.bytes ?? 0
    return bytes
  }

  #take(id: string): Act | undefined {
    const found = this.#acts.get(id)
    clearTimeout(found?.timer)
    this.#acts.delete(id)
    return found?.act
  }
}
