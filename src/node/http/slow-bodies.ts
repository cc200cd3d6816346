import { GliaError } from '../../glia/errors.ts'
import {
  BODY_PATIENCE_MS,
  LOOK_MS,
  MAX_SLOW_BODIES_PER_CLIENT,
  MIN_BODY_BYTES_PER_SECOND,
  SLOW_AFTER_MS,
  SPARED_SLOW_BODIES,
  SPARED_SLOW_BODIES_PER_CLIENT,
} from '../limits.ts'
import type { RequestBody } from './request-body.ts'

interface Sent {
  readonly client: string
  readonly body: RequestBody
}

/**
 * Bodies for whose bytes the gateway waits long. One client may have a few: a call that goes back and forth is one. A
 * client with more must keep each of its bodies moving. A client with very many gets no further call.
 */
export class SlowBodies {
  readonly #bodies = new Set<Sent>()
  #looking: NodeJS.Timeout | undefined

  /**
   * @throws {GliaError} ERR_MAILBOX_FULL if the client has too many. @returns a function to call when the call is over.
   */
  add(client: string, body: RequestBody): () => void {
    if (this.#slow(client).length >= MAX_SLOW_BODIES_PER_CLIENT) {
      const message = `${MAX_SLOW_BODIES_PER_CLIENT} of your messages are under way and do not go on: end some first.`
      throw new GliaError('ERR_MAILBOX_FULL', message)
    }
    const sent = { client, body }
    this.#bodies.add(sent)
    this.#looking ??= setInterval(() => this.look(), LOOK_MS).unref()
    return () => {
      this.#bodies.delete(sent)
      if (this.#bodies.size > 0) return
      clearInterval(this.#looking)
      this.#looking = undefined
    }
  }

  /** Ends bodies that are too slow, of clients with too many. */
  look(): void {
    const slow = this.#slow()
    const crowded = slow.length > SPARED_SLOW_BODIES
    for (const { client, body } of slow) {
      const allowedMs = BODY_PATIENCE_MS + (1000 * body.receivedBytes) / MIN_BODY_BYTES_PER_SECOND
      if (body.waitedMs <= allowedMs) continue
      if (crowded || this.#slow(client).length > SPARED_SLOW_BODIES_PER_CLIENT) body.fail(tooSlow(body))
    }
  }

  /**
   * Ends the body for which the gateway has waited longest, because another call needs its place. @returns false if
   * there is none.
   */
  endSlowest(): boolean {
    let slowest: RequestBody | undefined
    for (const { body } of this.#slow()) if (body.waitedMs > (slowest?.waitedMs ?? 0)) slowest = body
    slowest?.fail(tooSlow(slowest))
    return slowest !== undefined
  }

  #slow(client?: string): Sent[] {
    return [...this.#bodies].filter(
      (sent) => (client === undefined || sent.client === client) && sent.body.waitedMs > SLOW_AFTER_MS,
    )
  }
}

function tooSlow({ waitedMs }: RequestBody): GliaError {
  const waited = `The gateway has waited ${Math.round(waitedMs / 1000)} s for the rest of this message`
  return new GliaError(
    'ERR_DEADLINE',
    `${waited}, and others need the place. Send each message at once, and fewer at a time.`,
  )
}
