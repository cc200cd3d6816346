import { GliaError } from '../errors.ts'
import { type KeyedReply, type KeyedRequest, KeyedRun } from './keyed-run.ts'
import { lighten } from '../lighten.ts'
import { hasNotRun } from './not-run.ts'
import type { Stream } from '../stream/stream.ts'

/** How long a call is remembered after its end, in ms. */
const REMEMBERED_MS = 5 * 60_000
/** Calls that are remembered, of all callers and of one. Past this the oldest that are over are forgotten, of the owner that has most. */
export const MAX_CALLS = 10_000
const MAX_CALLS_PER_OWNER = 5_000
/** Calls of one owner that are not over. A caller that has gone away leaves its call running, so nothing else counts these. */
export const MAX_RUNNING_PER_OWNER = 256
/**
 * Bytes of replies that are kept in all. Past this the oldest replies of the owner that has most are forgotten, and of their calls
 * only that they ran.
 */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024
/** Part of a bound that is made free at once, so that the owners are rarely compared. */
const MADE_FREE = 1 / 16

export interface CallKey {
  /** Whose key it is: the same key of another one is another call. */
  owner: string
  key: string
  /** What is called. */
  path: string
}

interface Known {
  readonly id: string
  readonly owner: Owner
  readonly path: string
  readonly run: KeyedRun
  /** When it is forgotten, on the clock of `performance.now()`; undefined while it runs. */
  forgottenAt: number | undefined
}

/** What is kept for one owner. */
interface Owner {
  readonly name: string
  /** Calls that are remembered, also those that are not over. */
  calls: number
  /** Those that are over, the oldest first. */
  readonly over: Set<Known>
  /** Those whose reply is kept from its start and has bytes. The one whose reply began first is the first. */
  readonly kept: Set<Known>
  keptBytes: number
}

/**
 * The calls that came with an `Idempotency-Key`. Requests of one owner with the same key are one call: it runs once, and each of
 * them gets its reply. What is remembered of calls that are over is bounded in number, bytes and time. Where there is no room,
 * the owner that has most loses its oldest, so no owner can push out what another one has.
 */
export class KeyedCalls {
  /** By owner and key. */
  readonly #calls = new Map<string, Known>()
  /** Those that are over, in the order in which they ended. */
  readonly #over = new Set<Known>()
  readonly #owners = new Map<string, Owner>()
  #keptBytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * Makes a call, or takes part in the one that has the key already. @param open Begins the call.
   * @throws {GliaError} ERR_KEY_REUSED if the key was used for another message; ERR_MAILBOX_FULL; or why the call failed.
   */
  async take({ owner, key, path }: CallKey, request: KeyedRequest, open: () => Stream): Promise<KeyedReply> {
    const id = JSON.stringify([owner, key])
    const known = this.#calls.get(id)
    if (!known) return this.#begin(id, { owner, path }, open).take(request)
    if (known.path === path) return known.run.take(request)
    throw new GliaError(
      'ERR_KEY_REUSED',
      'Another method was called with this Idempotency-Key before. Each call needs a key of its own.',
    )
  }

  #begin(id: string, { owner: name, path }: Pick<CallKey, 'owner' | 'path'>, open: () => Stream): KeyedRun {
    const owner = this.#owners.get(name) ?? { name, calls: 0, over: new Set(), kept: new Set(), keptBytes: 0 }
    if (owner.calls - owner.over.size >= MAX_RUNNING_PER_OWNER) {
      throw new GliaError(
        'ERR_MAILBOX_FULL',
        `You have ${MAX_RUNNING_PER_OWNER} calls with an Idempotency-Key under way: let one end first.`,
      )
    }
    this.#makeRoom(owner)
    const run = new KeyedRun({
      open,
      resized: (bytes) => this.#resized(known, bytes),
      over: (error) => this.#end(known, error),
    })
    const known: Known = { id, owner, path, run, forgottenAt: undefined }
    this.#calls.set(id, known)
    owner.calls += 1
    this.#owners.set(name, owner)
    return run
  }

  #end(known: Known, error: GliaError | undefined): void {
    // Nothing has happened yet, so the next request may try it.
    if (error && hasNotRun(error)) return this.#forget(known)
    known.forgottenAt = performance.now() + REMEMBERED_MS
    this.#over.add(known)
    known.owner.over.add(known)
    if (this.#timer === undefined) this.#forgetIn(REMEMBERED_MS)
  }

  #forgetIn(ms: number): void {
    this.#timer = setTimeout(() => this.#forgetOld(), ms)
  }

  #forgetOld(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const known of this.#over) {
      const left = (known.forgottenAt ?? now) - now
      if (left > 0) return this.#forgetIn(left)
      this.#forget(known)
    }
  }

  /** @throws {GliaError} ERR_MAILBOX_FULL if all calls that are remembered still run. */
  #makeRoom(owner: Owner): void {
    if (owner.calls >= MAX_CALLS_PER_OWNER) this.#forgetOldest(owner)
    if (this.#calls.size < MAX_CALLS) return
    lighten([...this.#owners.values()], MAX_CALLS * MADE_FREE, {
      weigh: ({ over }) => over.size,
      free: (heaviest) => this.#forgetOldest(heaviest),
    })
    if (this.#calls.size >= MAX_CALLS) {
      throw new GliaError(
        'ERR_MAILBOX_FULL',
        'Too many calls with an Idempotency-Key are under way: let one end first.',
      )
    }
  }

  /** @returns how many were forgotten. */
  #forgetOldest({ over }: Owner): number {
    const [oldest] = over
    if (!oldest) return 0
    this.#forget(oldest)
    return 1
  }

  #forget(known: Known): void {
    const { id, owner } = known
    this.#calls.delete(id)
    this.#over.delete(known)
    owner.over.delete(known)
    owner.calls -= 1
    this.#forgetReply(known)
    if (owner.calls === 0) this.#owners.delete(owner.name)
  }

  /** @returns how many bytes that frees. */
  #forgetReply(known: Known): number {
    const before = this.#keptBytes
    known.owner.kept.delete(known)
    known.run.forgetReply()
    return before - this.#keptBytes
  }

  #resized(known: Known, bytes: number): void {
    const { owner, run } = known
    owner.keptBytes += bytes
    this.#keptBytes += bytes
    // Lightening ends at a reply that frees no bytes, so none of these may be in there.
    if (run.keepsReply) owner.kept.add(known)
    else owner.kept.delete(known)
    if (bytes < 0 || this.#keptBytes <= MAX_KEPT_BYTES) return
    const tooMuch = this.#keptBytes - MAX_KEPT_BYTES * (1 - MADE_FREE)
    lighten([...this.#owners.values()], tooMuch, {
      weigh: ({ keptBytes, kept }) => (kept.size > 0 ? keptBytes : 0),
      free: ({ kept }) => {
        const oldest = oldestOver(kept)
        return oldest ? this.#forgetReply(oldest) : 0
      },
    })
  }
}

/** The oldest call that is over, or else the oldest: the caller of one that runs may still come back for its reply. */
function oldestOver(kept: ReadonlySet<Known>): Known | undefined {
  // At most MAX_RUNNING_PER_OWNER of them run.
  for (const known of kept) if (known.run.isOver) return known
  const [oldest] = kept
  return oldest
}
