import type { Logger } from '../../glia/log.ts'
import { type Incoming, targetOf } from './exchange.ts'

/** Longest path that is logged, in characters. */
const MAX_PATH = 256

/** Logs each request once its answer is out, or its client gone. PIDs are taken out by the log; queries are not logged at all. */
export function accessLog(log: Logger): (incoming: Incoming) => void {
  return ({ incoming, client, onDone }) => {
    const beganMs = performance.now()
    onDone((outcome, status) => {
      const ms = Math.round(performance.now() - beganMs)
      log.info('request', { method: incoming.method, path: pathOf(incoming), status, outcome, ms, client })
    })
  }
}

/** Decoded, so that a PID is recognised however it was written. */
function pathOf(incoming: Incoming['incoming']): string {
  try {
    return decodeURIComponent(targetOf(incoming).pathname).slice(0, MAX_PATH)
  } catch {
    return '(not valid percent-encoding)'
  }
}
