import { createHmac, randomBytes } from 'node:crypto'
import { remembered } from '../../glia/remembered.ts'
import { networkOf } from '../inbound/networks.ts'

/**
 * Names the clients of a gateway for the peers that it calls. A name is a hash of the client's network, with a key that
 * no other gateway has, nor this one after its next start. So peers can tell clients apart, and cannot tell who they
 * are.
 */
export class ClientNames {
  readonly #key = randomBytes(32)

  readonly of = remembered((ip: string) =>
    createHmac('sha256', this.#key).update(networkOf(ip)).digest('base64url').slice(0, 22),
  )
}
