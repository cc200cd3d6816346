import type { CallReply, CallRequest } from '../../glia/http/http-calls.ts'
import type { Incoming } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { isOfProgram } from './guard.ts'
import type { OwnNames } from './own-names.ts'

/** A call as programs write it: the address of a method, with nothing in it that a URL would change, and a query. */
const CALL =
  /^(\/ww(?:\/(?!\.{1,2}\/)[\w.~!$&'()*+,;=:@-]+){3}\/(?!\.{1,2}(?:\?|$))[\w.~!$&'()*+,;=:@-]+)(?:\?([\w.~!$&'()*+,;=:@/?-]*))?$/

/**
 * Answers calls of programs without a `Request` in between: making one, and web streams for the bodies, takes longer
 * than a small call. What it does not answer goes to the app, which applies the same rules.
 */
export function programCalls(
  gateway: Gateway,
  names: OwnNames,
): (incoming: Incoming) => Promise<CallReply | Response> | undefined {
  return (exchange) => {
    const { method, url = '', headers } = exchange.incoming
    if (method !== 'POST' || !isOfProgram(headers) || !names.answersTo(headers.host)) return undefined
    const [, path, query = ''] = CALL.exec(url) ?? []
    if (path === undefined) return undefined
    const { body = null, onDone } = exchange
    const request: CallRequest = {
      path,
      query,
      headers: { get: (name) => textOf(headers[name]) },
      body,
      onGone: (callback) => onDone((outcome) => outcome === 'broken' && callback(undefined)),
    }
    return gateway.call(request, exchange)
  }
}

function textOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : (value?.join(', ') ?? null)
}
