import type { WholeSnapshot } from './snapshot.ts'

/** Memory that is held for processes that were hibernated, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024
/** Processes for which memory is held. */
const MAX_HELD = 32
/** The largest instance whose memory is taken for that, in bytes. */
const MAX_INSTANCE_BYTES = 16 * 1024 * 1024
/** Instances that give their memory at the same time. Each of them holds one of the few memories of a page meanwhile. */
const MAX_LEAVING = 8

/** What an instance leaves behind when it is hibernated. */
export interface Left {
  /** Undefined: it could not be taken. Never rejects. */
  readonly whole: Promise<WholeSnapshot | undefined>
  /** Called when it is not held any more, because others need the room. */
  forget(): void
}

/**
 * What the processes have in memory that were hibernated last. The store has it too: whoever is woken soon does not wait
 * until it is read.
 */
export class RecentMemories {
  /** Bytes of what there is, the longest held first. */
  readonly #held = new Map<Left, number>()
  #bytes = 0
  #leaving = 0

  /** Whether an instance with so much memory should give it before it ends. */
  wants(memoryBytes: number | undefined): boolean {
    return memoryBytes !== undefined && memoryBytes <= MAX_INSTANCE_BYTES && this.#leaving < MAX_LEAVING
  }

  hold(left: Left): void {
    this.#leaving += 1
    this.#held.set(left, 0)
    void left.whole.then((whole) => {
      this.#leaving -= 1
      if (!this.#held.has(left)) return
      const bytes = whole?.packs.reduce((sum, pack) => sum + pack.bytes.length, 0) ?? Infinity
      if (bytes <= MAX_BYTES) this.#make(bytes, left)
      else this.#forget(left)
    })
  }

  /** It is used, or is not what the process has in memory any more. */
  drop(left: Left): void {
    this.#bytes -= this.#held.get(left) ?? 0
    this.#held.delete(left)
  }

  #make(bytes: number, left: Left): void {
    for (const oldest of this.#held.keys()) {
      if (this.#bytes + bytes <= MAX_BYTES && this.#held.size <= MAX_HELD) break
      if (oldest !== left) this.#forget(oldest)
    }
    this.#held.set(left, bytes)
    this.#bytes += bytes
  }

  #forget(left: Left): void {
    this.drop(left)
    left.forget()
  }
}
