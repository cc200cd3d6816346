/** How `fsync` waits for the page, under the policy `sync: 'durable'`. */
import type { Policy } from '../../glia/process/policy.ts'
import type { TierName } from '../worker/worker-api.ts'

/**
 * How the page answers: words on which a worker sleeps; or the port of the files, for a guest that can be suspended; or
 * nothing, if the guest can do neither. Then `fsync` fails with ENOTSUP.
 */
export type FileBarrier = SharedArrayBuffer | 'port' | 'none'

/** Page to worker, over the port of the files: whether everything that the worker has told is in the store. */
export interface FilesSynced {
  type: 'synced'
  sync: number
  ok: boolean
}

/** @returns undefined: `fsync` does not wait. */
export function makeBarrier(sync: Policy['sync'], tier: TierName): FileBarrier | undefined {
  if (sync === 'relaxed') return undefined
  if (tier === 'rings') return SyncWords.allocate().buffer
  return tier === 'JSPI' ? 'port' : 'none'
}

/** Number of the last answer. */
const ANSWERED = 0
/** 1: stored. */
const OK = 1
const WORDS = 2

/** The words on which a worker sleeps until the page has answered. */
export class SyncWords {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
  }

  static allocate(): SyncWords {
    return new SyncWords(new SharedArrayBuffer(WORDS * 4))
  }

  /** For the page. */
  answer(sync: number, ok: boolean): void {
    Atomics.store(this.#words, OK, ok ? 1 : 0)
    Atomics.store(this.#words, ANSWERED, sync)
    Atomics.notify(this.#words, ANSWERED)
  }

  /**
   * For the worker: blocks until the page has answered. The page always answers. A worker whose message is past its
   * deadline is ended.
   */
  wait(sync: number): boolean {
    for (;;) {
      const answered = Atomics.load(this.#words, ANSWERED)
      if (answered === sync) return Atomics.load(this.#words, OK) === 1
      Atomics.wait(this.#words, ANSWERED, answered)
    }
  }
}
