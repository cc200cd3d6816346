import { lookup as lookUp } from 'node:dns/promises'
import { isIPv6, type LookupFunction } from 'node:net'
import type { DialledNames } from '../../mesh/dial/dial-gate.ts'

/** Names that are remembered. The oldest are forgotten, and a dial to a forgotten name fails. */
const MAX_NAMES = 1000

/**
 * The DNS names that this server dials. The mesh judges the addresses behind a name before it is dialled, and a socket
 * would look the name up again. By then the name may lead to this machine. So sockets ask this class and get the judged
 * addresses.
 */
export class PinnedNames implements DialledNames {
  readonly #pinned = new Map<string, readonly string[]>()
  /** Names that this server's operator gave. */
  readonly #trusted = new Set<string>()

  readonly resolve: (name: string) => Promise<readonly string[]>

  constructor(resolve = lookUpAll) {
    this.resolve = resolve
  }

  pin(name: string, ips?: readonly string[]): void {
    const key = keyOf(name)
    if (!ips) this.#trusted.add(key)
    else {
      this.#pinned.delete(key)
      this.#pinned.set(key, ips)
    }
    for (const names of [this.#trusted, this.#pinned]) {
      const [oldest] = names.keys()
      if (names.size > MAX_NAMES && oldest !== undefined) names.delete(oldest)
    }
  }

  /** For sockets, in the place of `dns.lookup`. */
  readonly lookup: LookupFunction = (name, options, done) => {
    this.#find(name).then(
      (ips) => {
        const found = ips.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
        const [first] = found
        if (options.all) done(null, found)
        else done(null, first?.address ?? '', first?.family)
      },
      (err: unknown) => done(err as NodeJS.ErrnoException, ''),
    )
  }

  async #find(name: string): Promise<readonly string[]> {
    const key = keyOf(name)
    const ips = this.#trusted.has(key) ? await this.resolve(name) : this.#pinned.get(key)
    if (!ips || ips.length === 0) throw new Error(`${name} was not judged before it was dialled.`)
    return ips
  }
}

async function lookUpAll(name: string): Promise<readonly string[]> {
  return (await lookUp(name, { all: true })).map(({ address }) => address)
}

/** A URL has names in lower case. */
function keyOf(name: string): string {
  return name.toLowerCase()
}
