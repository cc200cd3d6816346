import type { Address } from '../glia/address.ts'
import { type CallContext, contextMessage, NO_CONTEXT } from '../glia/call-context.ts'
import { GliaError } from '../glia/errors.ts'
import type { HttpApi } from '../glia/http/http.ts'
import { type Exchange, type ExchangeResponse, openOverHttp } from '../glia/http/http-stream.ts'
import { KEY_HEADER } from '../glia/http/request-key.ts'
import { type ListedProcess, readListing } from '../glia/listing.ts'
import type { OpenOptions } from '../glia/router.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { DeathWatch, holdForLife } from '../calls/life-lock.ts'
import { readFacts } from '../glia/failure.ts'
import { callOverPort } from '../calls/port-caller.ts'
import { ACK_MS, type CallMessage, newLifeLock, readToTab, type ToService } from '../calls/protocol.ts'
import { clientOf, serveCall } from '../calls/served-call.ts'
import { trustedScriptUrl } from './trusted.ts'

/** Time that a service worker has to take over and answer, in ms. */
const WELCOME_MS = 10_000

export interface ServiceBridgeInit {
  peerId: string
  slot: number
  api: HttpApi
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
  /** Called when a new version of the app is in control. This page still runs the old one. */
  onUpdate(): void
}

/** A request for the HTTP API of another tab. */
interface TabRequest {
  method: 'GET' | 'POST'
  path: string
  body: ReadableStream<Uint8Array> | null
  signal: AbortSignal
  context?: CallContext
  bodyBytes?: number | undefined
  key?: string | undefined
}

/** Registers a service worker. @returns undefined where there is none to be had (some private windows). */
export async function registerServiceWorker(url: string): Promise<ServiceWorkerRegistration | undefined> {
  if (!('serviceWorker' in navigator)) return undefined
  return navigator.serviceWorker.register(trustedScriptUrl(url), { updateViaCache: 'none' })
}

/**
 * This tab's end of the service worker. It tells each new service worker who is here, serves the calls that are
 * forwarded, and reaches other tabs of the browser. The service worker may be stopped at any time.
 */
export class ServiceBridge {
  readonly #init: ServiceBridgeInit
  readonly #lock = newLifeLock()
  /** The owner of the keys of calls to other tabs. */
  readonly #callerId = crypto.randomUUID()
  readonly #deaths = new DeathWatch()
  readonly #welcomed = Promise.withResolvers<void>()
  #clientId: string | undefined

  constructor(init: ServiceBridgeInit) {
    this.#init = init
  }

  /**
   * Resolves when the service worker controls this page and knows it.
   * @throws {GliaError} ERR_NO_TAB if no service worker takes over in time.
   */
  async start(): Promise<void> {
    const { alive, onUpdate } = this.#init
    await holdForLife(this.#lock, alive)
    const { serviceWorker } = navigator
    serviceWorker.addEventListener('message', this.#receive, { signal: alive })
    serviceWorker.startMessages()
    let hadController = serviceWorker.controller !== null
    const changed = (): void => {
      // Whoever deletes the data of the site takes the service worker away: that is no update.
      if (hadController && serviceWorker.controller) onUpdate()
      hadController = true
      this.#hello(serviceWorker.controller)
    }
    serviceWorker.addEventListener('controllerchange', changed, { signal: alive })
    const late = setTimeout(() => {
      this.#welcomed.reject(
        new GliaError('ERR_NO_TAB', 'The service worker did not take over in time. Reload the page.'),
      )
    }, WELCOME_MS)
    if (hadController) this.#hello(serviceWorker.controller)
    else void askForControl()
    await this.#welcomed.promise.finally(() => clearTimeout(late))
  }

  /**
   * The owner of the keys of this page's requests, as the API knows it; undefined until the service worker knows the
   * page.
   */
  get client(): string | undefined {
    return this.#clientId && clientOf(this.#clientId)
  }

  /** Opens a stream to a method of another tab of this browser. */
  readonly openTab = (address: Address, options: OpenOptions): Stream =>
    openOverHttp(address, this.#exchangeWith(address.host), options)

  /** The processes that another tab of this browser lists. @throws {GliaError} ERR_UNREACHABLE if it cannot be asked. */
  readonly listingOfTab = async (peer: string, signal: AbortSignal): Promise<ListedProcess[]> => {
    const { status, body } = await this.#pass(peer, { method: 'GET', path: '/listed', body: null, signal })
    if (status !== 200) throw new GliaError('ERR_UNREACHABLE', `The tab answered with HTTP status ${status}.`)
    return readListing(await new Response(body).text())
  }

  /** PID of the root process of another tab of this browser. @throws {GliaError} ERR_UNREACHABLE if it cannot be asked. */
  readonly rootOfTab = async (peer: string, signal: AbortSignal): Promise<string> => {
    const { status, body } = await this.#pass(peer, { method: 'GET', path: '/root', body: null, signal })
    if (status !== 200) throw new GliaError('ERR_UNREACHABLE', `The tab answered with HTTP status ${status}.`)
    return new Response(body).text()
  }

  #exchangeWith(peer: string): Exchange {
    return (request) => this.#pass(peer, { method: 'POST', ...request })
  }

  async #pass(
    peer: string,
    { method, path, body, signal, context = NO_CONTEXT, bodyBytes, key }: TabRequest,
  ): Promise<ExchangeResponse> {
    const { controller } = navigator.serviceWorker ?? {}
    if (!controller)
      throw new GliaError(
        'ERR_UNREACHABLE',
        'No other tab of this browser can be reached: there is no service worker. Reload the page.',
      )
    const { port1, port2 } = new MessageChannel()
    const call: CallMessage = {
      type: 'glia:call',
      callerLock: this.#lock,
      deadline: Date.now() + ACK_MS,
      clientId: this.#callerId,
      method,
      path,
      headers: key === undefined ? [] : [[KEY_HEADER, JSON.stringify(key)]],
      first: null,
      complete: body === null,
      bodyBytes,
      context: contextMessage(context),
      tellsExit: true,
    }
    controller.postMessage({ type: 'glia:pass', peer, call } satisfies ToService, [port2])
    const reader = body?.getReader() ?? null
    const reply = await callOverPort({ port: port1, body: reader, signal, deaths: this.#deaths, readFacts })
    const replyBody = reply.body instanceof Uint8Array ? new Response(reply.body).body : reply.body
    return { status: reply.status, body: replyBody, exit: reply.exit }
  }

  readonly #receive = ({ data, source, ports }: MessageEvent): void => {
    const message = readToTab(data)
    const [port] = ports
    if (message?.type === 'glia:who') this.#hello(source)
    else if (message?.type === 'glia:welcome') {
      this.#clientId = message.clientId
      this.#welcomed.resolve()
    } else if (message?.type === 'glia:call' && port) {
      serveCall(message, port, {
        api: this.#init.api,
        lock: this.#lock,
        deaths: this.#deaths,
        clientId: this.#clientId,
      })
    }
  }

  #hello(to: MessageEventSource | null): void {
    const { peerId: peer, slot } = this.#init
    const hello: ToService = { type: 'glia:hello', peer, slot, lock: this.#lock }
    to?.postMessage(hello, { transfer: [] })
  }
}

/** After a forced reload a page is not controlled unless it asks. */
async function askForControl(): Promise<void> {
  const { active } = await navigator.serviceWorker.ready
  active?.postMessage({ type: 'glia:claim' } satisfies ToService)
}
