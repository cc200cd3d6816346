import type { Logger } from '../../glia/log.ts'
import type { HttpHandler } from './request-listener.ts'

/** Longest path that is logged, in characters. */
const MAX_PATH = 256

/** Logs each request once its answer is out, or its client gone. PIDs are taken out by the log; queries are not logged at all. */
export function withAccessLog(handler: HttpHandler, log: Logger): HttpHandler {
  return async (request, incoming) => {
    const beganMs = performance.now()
    let status = 499
    incoming.onDone((outcome) => {
      const ms = Math.round(performance.now() - beganMs)
      const { method } = request
      log.info('request', { method, path: pathOf(request.url), status, outcome, ms, client: incoming.client })
    })
    const reply = await handler(request, incoming)
    status = reply.status
    return reply
  }
}

/** Decoded, so that a PID is recognised however it was written. */
function pathOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname).slice(0, MAX_PATH)
  } catch {
    return '(not valid percent-encoding)'
  }
}
