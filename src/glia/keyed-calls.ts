import { GliaError } from './errors.ts'
import { type KeyedReply, type KeyedRequest, KeyedRun } from './keyed-run.ts'
import { hasNotRun } from './not-run.ts'
import type { Stream } from './stream.ts'

/** How long a call is remembered after its end, in ms. */
const REMEMBERED_MS = 5 * 60_000
/** Calls that are remembered, of all callers and of one. Past this the oldest that are over are forgotten. */
const MAX_CALLS = 10_000
const MAX_CALLS_PER_OWNER = 5_000
/** Calls of one owner that are not over. A caller that has gone away leaves its call running, so nothing else counts these. */
export const MAX_RUNNING_PER_OWNER = 256
/** Bytes of replies that are kept in all. Past this the oldest replies are forgotten, and of their calls only that they ran. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024

export interface CallKey {
  /** Whose key it is: the same key of another one is another call. */
  owner: string
  key: string
  /** What is called. */
  path: string
}

interface Known {
  readonly owner: string
  readonly path: string
  readonly run: KeyedRun
  /** When it is forgotten, on the clock of `performance.now()`; undefined while it runs. */
  forgottenAt: number | undefined
}

/**
 * The calls that came with an `Idempotency-Key`. Requests of one owner with the same key are one call: it runs once, and each of
 * them gets its reply. What is remembered of calls that are over is bounded in number, bytes and time.
 */
export class KeyedCalls {
  /** By owner and key, the oldest first. */
  readonly #calls = new Map<string, Known>()
  readonly #ofOwner = new Map<string, number>()
  /** Calls that are not over. */
  readonly #runningOf = new Map<string, number>()
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

  #begin(id: string, { owner, path }: Pick<Known, 'owner' | 'path'>, open: () => Stream): KeyedRun {
    if ((this.#runningOf.get(owner) ?? 0) >= MAX_RUNNING_PER_OWNER) {
      throw new GliaError(
        'ERR_MAILBOX_FULL',
        `You have ${MAX_RUNNING_PER_OWNER} calls with an Idempotency-Key under way: let one end first.`,
      )
    }
    this.#makeRoom(owner)
    const run = new KeyedRun({
      open,
      resized: (bytes) => this.#resized(bytes),
      over: (error) => this.#over(id, error),
    })
    this.#calls.set(id, { owner, path, run, forgottenAt: undefined })
    add(this.#ofOwner, owner, 1)
    add(this.#runningOf, owner, 1)
    return run
  }

  #over(id: string, error: GliaError | undefined): void {
    const known = this.#calls.get(id)
    if (!known) return
    add(this.#runningOf, known.owner, -1)
    // Nothing has happened yet, so the next request may try it.
    if (error && hasNotRun(error)) return this.#forget(id, known)
    known.forgottenAt = performance.now() + REMEMBERED_MS
    if (this.#timer === undefined) this.#forgetIn(REMEMBERED_MS)
  }

  #forgetIn(ms: number): void {
    this.#timer = setTimeout(() => this.#forgetOld(), ms)
  }

  #forgetOld(): void {
    this.#timer = undefined
    const now = performance.now()
    let next = Infinity
    for (const [id, known] of this.#calls) {
      if (known.forgottenAt === undefined) continue
      if (known.forgottenAt <= now) this.#forget(id, known)
      else next = Math.min(next, known.forgottenAt)
    }
    if (next < Infinity) this.#forgetIn(next - now)
  }

  /** @throws {GliaError} ERR_MAILBOX_FULL if all calls that are remembered still run. */
  #makeRoom(owner: string): void {
    if ((this.#ofOwner.get(owner) ?? 0) >= MAX_CALLS_PER_OWNER) this.#forgetOldest((known) => known.owner === owner)
    else if (this.#calls.size >= MAX_CALLS) this.#forgetOldest(() => true)
  }

  #forgetOldest(isWanted: (known: Known) => boolean): void {
    for (const [id, known] of this.#calls) {
      if (known.run.isOver && isWanted(known)) return this.#forget(id, known)
    }
    throw new GliaError('ERR_MAILBOX_FULL', 'Too many calls with an Idempotency-Key are under way: let one end first.')
  }

  #forget(id: string, { owner, run }: Known): void {
    run.forgetReply()
    this.#calls.delete(id)
    add(this.#ofOwner, owner, -1)
  }

  #resized(bytes: number): void {
    this.#keptBytes += bytes
    if (bytes < 0) return
    for (const { run } of this.#calls.values()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) return
      run.forgetReply()
    }
  }
}

function add(counts: Map<string, number>, owner: string, change: number): void {
  const count = (counts.get(owner) ?? 0) + change
  if (count > 0) counts.set(owner, count)
  else counts.delete(owner)
}
