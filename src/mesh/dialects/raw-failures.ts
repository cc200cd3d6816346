import type { Connection } from '@libp2p/interface'
import type { FailureMessage, GliaError } from '../../glia/errors.ts'
import { madeHere } from '../../glia/made-here.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { MAX_FAILURE_MESSAGE, MAX_FAILURES } from '../limits.ts'

/** The failure of a call in the raw dialect, as its caller can ask for it. */
interface RawFailure extends FailureMessage {
  /** In ms since the epoch. */
  at: number
  /** The address that was called. */
  to: string
}

/**
 * Why the last calls in the raw dialect failed, for each connection. That dialect has only a reset, so a caller asks
 * for the reasons on a protocol of its own. It gets those of its own connection.
 */
export class RawFailures {
  readonly #failures = new WeakMap<Connection, RawFailure[]>()

  add(connection: Connection, call: Stream, error: GliaError): void {
    const { message, ...rest } = madeHere(error, call.destination, call).toJSON()
    const failure = { at: Date.now(), to: call.protocol, ...rest, message: message.slice(0, MAX_FAILURE_MESSAGE) }
    const before = this.#failures.get(connection) ?? []
    this.#failures.set(connection, [...before, failure].slice(-MAX_FAILURES))
  }

  /** The failures of a connection as JSON, the newest last. */
  of(connection: Connection): string {
    return JSON.stringify(this.#failures.get(connection) ?? [])
  }
}
