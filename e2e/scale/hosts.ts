import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../server.ts'
import type { Called, Found, Joined, Look, Order } from './messages.ts'

/** A process with many peers. */
export class Host {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  constructor() {
    // As in production: libraries check more in development.
    const env = { ...process.env, NODE_ENV: 'production' }
    this.#child = fork(join(ROOT, 'e2e/main.mjs'), ['scale/peers'], { cwd: ROOT, env })
    this.#ended = once(this.#child, 'close').then(([code]) => {
      throw new Error(`A process with peers ended with ${String(code)}.`)
    })
    this.#ended.catch(() => undefined)
  }

  /** @param relays Lists of relays. Peer i joins those of list i, modulo their number. */
  join(count: number, relays: readonly (readonly string[])[]): Promise<Joined> {
    return this.#tell({ do: 'join', count, relays })
  }

  look(): Promise<Look> {
    return this.#tell({ do: 'look' })
  }

  find(peer: string, relays: readonly string[]): Promise<Found> {
    return this.#tell({ do: 'find', peer, relays })
  }

  /** Has all its peers call an address at once. */
  call(address: string): Promise<Called> {
    return this.#tell({ do: 'call', address })
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.send({ do: 'end' } satisfies Order)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await this.#ended.catch(() => undefined)
    clearTimeout(timer)
  }

  async #tell<T>(order: Order): Promise<T> {
    const answer = once(this.#child, 'message') as Promise<[T]>
    this.#child.send(order)
    const [told] = await Promise.race([answer, this.#ended])
    return told
  }
}
