import { isIP } from 'node:net'
import { isLocalHost, isLoopback, nameIn } from '../inbound/loopback.ts'
import { namesIn, portsIn } from './well-known.ts'

export interface OwnNamesInit {
  /** Address at which the server listens. */
  readonly host: string
  /** Multiaddrs under which this server is announced. */
  readonly announce: readonly string[]
  /** Origins of other sites whose pages are let in; `*` lets all in. */
  readonly allowOrigins: readonly string[]
  /** The HTTP port, which serves this server's own pages. */
  readonly httpPort: number
}

/**
 * Decides which names this server answers to, and which pages are its own. A page of any site can reach a server on its
 * visitor's machine or network. The browser says where the page is from (Origin), and which name it asked for (Host).
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

  /** The names, as a part of a sentence. */
  get text(): string {
    const others = isLoopback(this.#init.host) ? [] : ['IP addresses']
    return ['localhost', '127.0.0.1', '[::1]', ...others, ...this.#announced].join(', ')
  }

  /**
   * Whether a request's Host is a name of this server. A foreign name that was pointed here (DNS rebinding) is not. An
   * IP address cannot be pointed elsewhere, so every IP address is a name of a server that other machines reach.
   */
  answersTo(host: string | undefined): boolean {
    const name = nameIn(host)
    if (isLocalHost(host) || this.#announced.has(name)) return true
    return !isLoopback(this.#init.host) && isIP(name.replace(/^\[|\]$/g, '')) !== 0
  }

  /** Whether --allow-origin lets pages of this site in. */
  isAllowed(origin: string): boolean {
    const { allowOrigins } = this.#init
    return allowOrigins.includes(origin) || allowOrigins.includes('*')
  }

  /**
   * Whether a page may use the WebSocket port: its site is allowed, or it is from the HTTP port of this server,
   * directly or through a proxy.
   * @param host The request's Host, which is a name of this server.
   */
  mayJoin(origin: string, host: string | undefined): boolean {
    if (this.isAllowed(origin)) return true
    if (!URL.canParse(origin)) return false
    const page = new URL(origin)
    // A proxy that serves the page and the relay at one address.
    if (page.host === host?.toLowerCase()) return true
    if (this.#announced.has(page.hostname)) return this.#ports.has(portOf(page))
    if (portOf(page) !== String(this.#init.httpPort)) return false
    return page.hostname === nameIn(host) || (isLocalHost(page.host) && isLocalHost(host))
  }
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80')
}
