import { createHash, timingSafeEqual } from 'node:crypto'
import type { Managers } from '../../actors/sys/scope.ts'
import { GliaError } from '../../glia/errors.ts'
import { TOKEN_FILE } from '../data/owner-token.ts'

/** Who may manage a host: whoever has its token, and the peers that it was started with. */
export class Owners implements Managers {
  readonly #token: Buffer
  readonly #peers: ReadonlySet<string>

  /** @param peers Ids of the peers that need no token. */
  constructor(token: string, peers: readonly string[]) {
    this.#token = digest(token)
    this.#peers = new Set(peers)
  }

  /** @throws {GliaError} ERR_DENIED */
  check({ context: { onBehalfOf: behind, chain } }: Parameters<Managers['check']>[0], token: unknown): void {
    if (typeof token === 'string' && timingSafeEqual(digest(token), this.#token)) return
    if (token !== undefined) throw new GliaError('ERR_DENIED', 'The token is not that of this host’s owner.')
    // The last of the chain is the system process. Another one before it is an actor that somebody let call others.
    const isOfActor = chain.length > 1
    if (!isOfActor && behind.length > 0 && behind.every((peer) => this.#peers.has(peer))) return
    throw new GliaError(
      'ERR_DENIED',
      `Only its owner may manage this host: give the token of the file ${TOKEN_FILE} in its data folder, or have the host started with --owner and your peer id.`,
    )
  }
}

/** Digests have one length, so that the time of a comparison tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
