import { type Kept, type Parts, presentIn, snapshotIn, type Step, wholeOf } from './history.ts'
import type { Checkpoint, WholeSnapshot } from './snapshot.ts'

/** What is at hand has at most so many bytes in its packs. */
const MAX_BYTES = 32 * 1024 * 1024

interface Recent {
  last: Kept
  whole: WholeSnapshot
  bytes: number
}

/**
 * Present snapshots that were stored or read last, so that a process that is woken need not wait until the database has
 * read its memory. The store says which snapshot is the present one: others may write it too.
 */
export class RecentSnapshots {
  /** By PID. The one that was used longest ago is the first. */
  readonly #recent = new Map<string, Recent>()
  #bytes = 0

  /** A checkpoint has been stored. */
  stored(pid: string, { before, last }: Step, { snapshot, packs, dropped }: Checkpoint): void {
    const held = this.#recent.get(pid)
    this.#forget(pid)
    if (dropped === 'all') return this.#hold(pid, last, { snapshot, packs })
    if (!held || !before || !isSame(held.last, before)) return undefined
    const kept = held.whole.packs.filter(({ id, bytes }) => bytes.length > 0 && !dropped.includes(id))
    return this.#hold(pid, last, { snapshot, packs: [...kept, ...packs] })
  }

  /** The present snapshot: a copy, which may be given away. @param parts What the store has of the process. */
  async read(pid: string, parts: Parts): Promise<WholeSnapshot | undefined> {
    const present = await presentIn(parts)
    const held = this.#recent.get(pid)
    if (held && present && isSame(held.last, present)) {
      this.#hold(pid, present, held.whole)
      return structuredClone(wholeOf(present, held.whole.snapshot, held.whole.packs))
    }
    this.#forget(pid)
    const whole = await snapshotIn(parts)
    if (present && whole) this.#hold(pid, present, structuredClone(whole))
    return whole
  }

  #hold(pid: string, last: Kept, whole: WholeSnapshot): void {
    this.#forget(pid)
    const bytes = whole.packs.reduce((sum, pack) => sum + pack.bytes.byteLength, 0)
    if (bytes > MAX_BYTES) return
    this.#recent.set(pid, { last, whole, bytes })
    this.#bytes += bytes
    for (const oldest of this.#recent.keys()) {
      if (this.#bytes <= MAX_BYTES) break
      this.#forget(oldest)
    }
  }

  #forget(pid: string): void {
    this.#bytes -= this.#recent.get(pid)?.bytes ?? 0
    this.#recent.delete(pid)
  }
}

/** Ids begin anew where all of a process was deleted. Its next snapshot is of a later time. */
function isSame(a: Kept, b: Kept): boolean {
  return a.id === b.id && a.at === b.at && a.generation === b.generation && a.lastPack === b.lastPack
}
