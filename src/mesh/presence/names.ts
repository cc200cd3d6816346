import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { cleanName, MAX_NAME_BYTES } from '../../glia/peer-name.ts'
import { sendText, readText } from '../dialects/text-answer.ts'
import { Rate } from '../dial/rate.ts'
import { NAME_MS, NAME_PROTOCOL, REPEAT_RATE } from '../limits.ts'

const tooLong = (): Error => new GliaError('ERR_BAD_REQUEST', 'The name is too long.')

export interface NamesInit {
  log: Logger
  /** The name that this peer announces. Empty: it has none. */
  own(): string
  /** What relays say of a peer's name. */
  toldOf(peer: string): string | undefined
  changed(): void
}

/**
 * The names that peers announce. A connected peer says its name itself, over the connection that proves who it is. Of
 * the others a relay tells. Anybody may take any name, so it is shown beside the peer id and is never used in its place.
 */
export class Names {
  readonly #init: NamesInit
  /** Names of connected peers. */
  readonly #said = new Map<string, string>()
  /** The name that was said last on a connection. */
  readonly #last = new WeakMap<Connection, string>()
  readonly #rate = new Rate(REPEAT_RATE)

  constructor(init: NamesInit) {
    this.#init = init
  }

  /** The announced name of a peer, cleaned; undefined if it has none. */
  of(peer: string): string | undefined {
    return (this.#said.get(peer) ?? this.#init.toldOf(peer)) || undefined
  }

  /** Call it when the last connection to a peer is gone. */
  gone(peer: string): void {
    this.#said.delete(peer)
  }

  /** Says the name of this peer, unless it was said, to a peer that speaks the protocol. Never rejects. */
  async say(connection: Connection): Promise<void> {
    const name = this.#init.own()
    if (name === (this.#last.get(connection) ?? '')) return
    this.#last.set(connection, name)
    try {
      const signal = AbortSignal.timeout(NAME_MS)
      const stream = await connection.newStream(NAME_PROTOCOL, { signal, runOnLimitedConnection: true })
      await sendText(stream, name)
    } catch (thrown) {
      // The connection is over, or the peer does not take the name. It is shown without one.
      this.#init.log.debug('name:', thrown)
    }
  }

  /** Takes the name that the other side says. Never rejects. */
  async accept(stream: Libp2pStream, connection: Connection): Promise<void> {
    const remote = connection.remotePeer.toString()
    if (!this.#rate.admits(remote))
      return stream.abort(new GliaError('ERR_MAILBOX_FULL', 'The peer says its name too often.'))
    try {
      const text = await readText(stream, { remote, idleMs: NAME_MS, maxLength: MAX_NAME_BYTES, tooLong })
      void stream.close().catch(() => undefined)
      if (connection.status !== 'open') return
      this.#said.set(remote, cleanName(text))
      this.#init.changed()
    } catch (thrown) {
      stream.abort(toGliaError(thrown))
    }
  }
}
