import { createHmac, randomBytes } from 'node:crypto'
import { networkOf } from '../doors/networks.ts'

/**
 * Names the clients of a gateway for the peers that it calls, so that these can tell one from another and cannot tell who it
 * is: a hash of the client's network, with a key that no other gateway has, nor this one after its next start.
 */
export class ClientNames {
  readonly #key = randomBytes(32)

  of(ip: string): string {
    return createHmac('sha256', this.#key).update(networkOf(ip)).digest('base64url').slice(0, 22)
  }
}
