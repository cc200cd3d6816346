import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { HttpApi } from '../../glia/http/http.ts'
import type { CallerOptions, CallReply, CallRequest, HttpCalls } from '../../glia/http/http-calls.ts'
import { refuse } from '../../glia/http/refuse.ts'
import { ClientNames } from './client-names.ts'
import type { Incoming } from './exchange.ts'
import { MAX_CALLS, MAX_CALLS_PER_CLIENT } from '../limits.ts'
import { networkOf } from '../inbound/networks.ts'
import { type BodyLimits, checkLength } from './request-body.ts'
import { SlowBodies } from './slow-bodies.ts'
import { counted } from '../../glia/counted.ts'

/** Limits of calls that are under way. */
export interface CallLimits {
  readonly maxCalls: number
  readonly maxCallsPerClient: number
}

export const CALL_LIMITS: CallLimits = { maxCalls: MAX_CALLS, maxCallsPerClient: MAX_CALLS_PER_CLIENT }

/** Told of calls, for the metrics. */
export interface CallObserver {
  began(): void
  /** @param status 499 if the client went away, or the reply broke off. */
  ended(status: number): void
}

export interface GatewayInit {
  readonly http: HttpApi
  /** The same calls that `http` makes. */
  readonly calls: HttpCalls
  /** This peer. It calls on behalf of its clients. */
  readonly peerId: string
  /** Of this peer alone, and the same after a restart. */
  readonly secret: Uint8Array
  readonly limits: CallLimits & BodyLimits
  readonly observer: CallObserver
}

/**
 * Answers requests of the HTTP API, up to a number at once. Further requests are refused at once, and may be sent
 * again.
 */
export class Gateway {
  readonly #init: GatewayInit
  readonly #ofClient = new Map<string, number>()
  readonly #names: ClientNames
  readonly #slow = new SlowBodies()
  #calls = 0

  constructor(init: GatewayInit) {
    this.#init = init
    this.#names = new ClientNames(init.secret)
  }

  /** Answers a request of the API. */
  answer(request: Request, incoming: Incoming): Promise<Response> {
    return this.#run(incoming, (options) => this.#init.http(request, options))
  }

  /** Answers a request for a call. */
  call(request: CallRequest, incoming: Incoming): Promise<CallReply | Response> {
    return this.#run(incoming, (options) => this.#init.calls.deliver(request, options))
  }

  async #run<R>(incoming: Incoming, run: (options: CallerOptions) => Promise<R>): Promise<R | Response> {
    const { peerId, limits, observer } = this.#init
    observer.began()
    incoming.onDone((outcome, status) => observer.ended(outcome === 'answered' || status !== 200 ? status : 499))
    try {
      this.#admit(incoming)
      checkLength(incoming.incoming, limits)
      return await run({ caller: peerId, client: this.#names.of(incoming.client) })
    } catch (thrown) {
      return refuse(toGliaError(thrown))
    }
  }

  /** Counts a call until its answer is sent. @throws {GliaError} if there are too many. */
  #admit({ client: ip, body, onDone }: Incoming): void {
    const client = networkOf(ip)
    const { maxCalls, maxCallsPerClient } = this.#init.limits
    const ofClient = this.#ofClient.get(client) ?? 0
    if (ofClient >= maxCallsPerClient) {
      throw new GliaError(
        'ERR_MAILBOX_FULL',
        `You have ${counted(maxCallsPerClient, 'call')} under way: let one end first.`,
      )
    }
    if (this.#calls >= maxCalls) {
      this.#slow.endSlowest()
      throw new GliaError('ERR_LIVE_LIMIT', `This gateway has ${counted(maxCalls, 'call')} under way: try again later.`)
    }
    if (body) onDone(this.#slow.add(client, body))
    this.#calls += 1
    this.#ofClient.set(client, ofClient + 1)
    onDone(() => {
      this.#calls -= 1
      const left = (this.#ofClient.get(client) ?? 1) - 1
      if (left > 0) this.#ofClient.set(client, left)
      else this.#ofClient.delete(client)
    })
  }
}
