import { GliaError } from '../errors.ts'
import { type KeyedReply, type KeyedRequest, KeyedRun } from './keyed-run.ts'
import { lighten } from '../lighten.ts'
import { mayBeRepeated } from './not-run.ts'
import { endWith } from '../stream/end-with.ts'
import type { Stream } from '../stream/stream.ts'

/** How long a call is remembered after its end, in ms. */
const REMEMBERED_MS = 5 * 60_000
/** Calls that are remembered. Past it the oldest ended calls of the owner with the most are forgotten. */
export const MAX_CALLS = 10_000
const MAX_CALLS_PER_OWNER = 5_000
/**
 * Calls of one owner that have not ended. A caller that goes away leaves its call running, so nothing else counts
 * these.
 */
export const MAX_RUNNING_PER_OWNER = 256
/**
 * Bytes of replies that are kept in all. Past it the oldest replies of the owner with the most are forgotten. It is
 * then only known that those calls ran.
 */
const MAX_KEPT_BYTES = 64 * 1024 * 1024
/** The part of a limit that is freed at once, so that owners are rarely compared. */
const MADE_FREE = 1 / 16

export interface CallKey {
  /** The owner of the key. The same key of another owner is another call. */
  owner: string
  key: string
  /** The called path. */
  path: string
}

interface Known {
  readonly id: string
  readonly owner: Owner
  readonly path: string
  readonly run: KeyedRun
  /** When the call is forgotten, on the clock of `performance.now()`; undefined while it runs. */
  forgottenAt: number | undefined
}

/** What is kept for one owner. */
interface Owner {
  readonly name: string
  /** Remembered calls, running ones included. */
  calls: number
  /** Ended calls, the oldest first. */
  readonly over: Set<Known>
  /** Calls whose reply is kept from its start and has bytes, in the order in which the replies began. */
  readonly kept: Set<Known>
  keptBytes: number
}

/**
 * The calls with an `Idempotency-Key`. Requests of one owner with the same key are one call: it runs once, and each
 * request gets its reply. Ended calls are remembered up to a number, a size and a time. Without room the owner with the
 * most loses its oldest, so no owner can push out the calls of another.
 */
export class KeyedCalls {
  /** By owner and key. */
  readonly #calls = new Map<string, Known>()
  /** Ended calls, in the order in which they ended. */
  readonly #over = new Set<Known>()
  readonly #owners = new Map<string, Owner>()
  #keptBytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * Makes a call, or joins the call that already has the key. @param open Begins the call.
   * @throws {GliaError} ERR_KEY_REUSED if the key was used for another message; ERR_MAILBOX_FULL; the failure of the
   * call.
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

  /**
   * Serves a call that has a key. The first one runs, and the others get its reply. @param open Begins the call itself.
   * @throws {GliaError} like {@link take}; the failure of the call.
   */
  async serve(stream: Stream, open: () => Stream): Promise<void> {
    const { caller, key, protocol, signal, context } = stream
    const { client, onBehalfOf } = context
    // Its caller may call for several clients and peers. None of them gets the reply to a call of another.
    const whole = JSON.stringify([client, onBehalfOf, key])
    const body = { read: () => stream.read(), cancel: () => stream.closeRead() }
    const reply = await this.take({ owner: caller, key: whole, path: protocol }, { body, signal }, open)
    stream.keep?.()
    for (let chunk = await reply.read(); chunk !== null; chunk = await reply.read()) await stream.write(chunk)
    if (reply.exit) endWith(stream, reply.exit)
    else await stream.close()
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
    // Nothing has happened yet, or does not happen twice. So the next request may try again.
    if (error && mayBeRepeated(error)) return this.#forget(known)
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

  /** @throws {GliaError} ERR_MAILBOX_FULL if all remembered calls still run. */
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

  /** @returns the number of forgotten calls. */
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

  /** @returns the number of freed bytes. */
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
    // Freeing stops at a reply that frees no bytes, so no such reply may be in the set.
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

/** The oldest ended call, or else the oldest: the caller of a running call may still come back for its reply. */
function oldestOver(kept: ReadonlySet<Known>): Known | undefined {
  // At most MAX_RUNNING_PER_OWNER of them run.
  for (const known of kept) if (known.run.isOver) return known
  const [oldest] = kept
  return oldest
}
