import { isIP } from 'node:net'
import { isLocalHost, isLoopback, nameIn } from '../doors/loopback.ts'
import { namesIn, portsIn } from './well-known.ts'

export interface OwnNamesInit {
  /** Address that the doors listen on. */
  readonly host: string
  /** Multiaddrs under which this server is announced. */
  readonly announce: readonly string[]
  /** Origins of other sites whose pages are let in; `*` lets in all. */
  readonly allowOrigins: readonly string[]
  /** TCP port of the HTTP door, from which the pages of this server come. */
  readonly httpPort: number
}

/**
 * Decides under which names this server answers, and which pages are its own. A page of any web site can reach a server on
 * its visitor's machine or network. The browser says where the page is from (Origin) and what name it asked for (Host).
 */
export class OwnNames {
  readonly #init: OwnNamesInit
  readonly #announced: ReadonlySet<string>
  readonly #ports: ReadonlySet<string>

  constructor(init: OwnNamesInit) {
    this.#init = init
    this.#announced = new Set(namesIn(init.announce))
    this.#ports = new Set(['80', '443', String(init.httpPort), ...portsIn(init.announce)])
  }

  /** The names, for a sentence. */
  get text(): string {
    const others = isLoopback(this.#init.host) ? [] : ['IP addresses']
    return ['localhost', '127.0.0.1', '[::1]', ...others, ...this.#announced].join(', ')
  }

  /**
   * Whether a request's Host is a name of this server. A foreign name that has been pointed here (DNS rebinding) is not. An IP
   * address cannot be pointed elsewhere, so every one is a name of a server that other machines reach.
   */
  answersTo(host: string | undefined): boolean {
    const name = nameIn(host)
    if (isLocalHost(host) || this.#announced.has(name)) return true
    return !isLoopback(this.#init.host) && isIP(name.replace(/^\[|\]$/g, '')) !== 0
  }

  /** Whether pages of this site were let in by --allow-origin. */
  isAllowed(origin: string): boolean {
    const { allowOrigins } = this.#init
    return allowOrigins.includes(origin) || allowOrigins.includes('*')
  }

  /**
   * Whether a page may use the WebSocket door: it is from the HTTP door of this server, as reached directly or through a proxy,
   * or its site is allowed.
   *
   * @param host the request's Host, which is a name of this server
   */
  mayJoin(origin: string, host: string | undefined): boolean {
    if (this.isAllowed(origin)) return true
    if (!URL.canParse(origin)) return false
    const page = new URL(origin)
    // A proxy that serves page and relay at one address.
    if (page.host === host?.toLowerCase()) return true
    if (this.#announced.has(page.hostname)) return this.#ports.has(portOf(page))
    if (portOf(page) !== String(this.#init.httpPort)) return false
    return page.hostname === nameIn(host) || (isLocalHost(page.host) && isLocalHost(host))
  }
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80')
}
