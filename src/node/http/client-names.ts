import { createHmac } from 'node:crypto'
import { remembered } from '../../glia/remembered.ts'
import { networkOf } from '../inbound/networks.ts'

/**
 * Names the clients of a gateway for the peers that it calls. A name is a hash of the client's network, with a key that
 * no other gateway has. So peers can tell clients apart, and cannot tell who they are. The names outlive a restart: a
 * call that a client sends again with its key is then known by the peer that has run it.
 */
export class ClientNames {
  readonly #key: Buffer

  /** @param secret Of this gateway alone, such as its private key. */
  constructor(secret: Uint8Array) {
    this.#key = createHmac('sha256', secret).update('glia names of clients').digest()
  }

  readonly of = remembered((ip: string) =>
    createHmac('sha256', this.#key).update(networkOf(ip)).digest('base64url').slice(0, 22),
  )
}
