import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { toGliaError } from '../../glia/errors.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { fields } from '../../glia/untrusted.ts'
import { hostsOf, ipOf } from './address-scope.ts'
import { isDirect } from './addresses.ts'
import { IDLE_MS, NEAR_RATE } from '../limits.ts'
import { YES } from './near.ts'
import { Rate } from './rate.ts'
import { readText, sendText } from '../dialects/text-answer.ts'

/** Longest question, in characters: a peer id, a name of 253 characters, and the punctuation. */
const MAX_QUESTION = 512
const QUESTION_READ = {
  idleMs: IDLE_MS,
  maxLength: MAX_QUESTION,
  tooLong: () => new Error('the question is too long'),
}

export interface NearInit {
  /** The network of this relay that contains an IP address; undefined if there is none. */
  networkHere(ip: string): string | undefined
  /** The IP addresses of a name. */
  resolve(name: string): Promise<readonly string[]>
  /** Connections to a peer. */
  connections(peer: string): readonly Connection[]
}

/**
 * Tells the peers in a network of this relay who else is in it. A peer dials the private address of a stranger only if
 * the stranger is in that network too. If both know only the relay, neither can see that; the relay sees from where
 * each is connected.
 */
export class Near {
  readonly #init: NearInit
  readonly #rate = new Rate(NEAR_RATE)

  constructor(init: NearInit) {
    this.#init = init
  }

  /** Answers one question. Never rejects: a failure aborts the stream. */
  async answer(stream: Libp2pStream, connection: Connection): Promise<void> {
    const asker = connection.remotePeer.toString()
    try {
      const { peer, host } = readQuestion(await readText(stream, { remote: asker, ...QUESTION_READ }))
      const isNear = this.#rate.admits(asker) && (await this.#isNear(connection, peer, host))
      await sendText(stream, isNear ? YES : 'no')
    } catch (thrown) {
      stream.abort(toGliaError(thrown))
    }
  }

  async #isNear(asker: Connection, peer: string, host: string): Promise<boolean> {
    const network = this.#networkOf(asker)
    if (network === undefined) return false
    if (!this.#init.connections(peer).some((each) => this.#networkOf(each) === network)) return false
    // A name is looked up only for a peer that shares a network with a connected peer.
    const ip = ipOf(host)
    const ips = ip === undefined ? await this.#init.resolve(host).catch(() => []) : [ip]
    return ips.length > 0 && ips.every((each) => this.#init.networkHere(each) === network)
  }

  #networkOf(connection: Connection): string | undefined {
    const [host] = hostsOf(connection.remoteAddr) ?? []
    return host === undefined || !isDirect(connection) ? undefined : this.#init.networkHere(host)
  }
}

function readQuestion(text: string): { peer: string; host: string } {
  const { peer, host } = fields(JSON.parse(text) as unknown)
  if (typeof peer !== 'string' || !isPeerId(peer) || typeof host !== 'string')
    throw new Error('the question is not valid')
  return { peer, host }
}
