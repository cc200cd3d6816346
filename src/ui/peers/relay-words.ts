import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { formatClock, formatSpan } from '../kit/format.ts'

/** The state of a relay in words. @param now In ms since the epoch. */
export function relayWords({ state, expires, retryAt, error }: RelayInfo, now: number): string {
  if (state === 'connecting') return 'connecting'
  if (state === 'reserved') {
    if (expires === undefined) return 'reserved'
    if (expires <= now) return `reserved until ${formatClock(expires, now)}, being renewed`
    return `reserved, until ${formatClock(expires, now)} (in ${until(expires, now)})`
  }
  const again = retryAt === undefined || retryAt <= now ? 'trying again' : `trying again in ${until(retryAt, now)}`
  const words = error ? `${again}: ${error}` : again
  return state === 'refused' ? `connected, without a reservation, ${words}` : words
}

/** Whether the words change with the time. */
export function isCounting({ state, expires, retryAt }: RelayInfo): boolean {
  return (
    (state === 'reserved' && expires !== undefined) ||
    ((state === 'waiting' || state === 'refused') && retryAt !== undefined)
  )
}

/** Rounded up to seconds: a countdown from 8 s begins with 8. */
function until(at: number, now: number): string {
  return formatSpan(Math.ceil((at - now) / 1000) * 1000)
}
