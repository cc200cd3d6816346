import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { formatClock, formatCount, formatSpan } from '../kit/format.ts'

/** How long before its end libp2p renews a reservation (@libp2p/circuit-relay-v2 4.2.13), in ms. */
const RENEWED_BEFORE_MS = 5 * 60_000

/** The state of a relay in words. @param now In ms since the epoch. */
export function relayWords({ state, expires, retryAt, error, room }: RelayInfo, now: number): string {
  if (state === 'connecting') return 'connecting'
  if (state === 'reserved') {
    return ['reserved', ...(room === undefined ? [] : [roomWords(room)]), ...renewalWords(expires, now)].join(', ')
  }
  const again = retryAt === undefined || retryAt <= now ? 'trying again' : `trying again in ${until(retryAt, now)}`
  const words = error ? `${again}: ${error}` : again
  return state === 'refused' ? `connected, without a reservation, ${words}` : words
}

function roomWords(room: number): string {
  return room === 0 ? 'full for others' : `room for ${formatCount(room)} more`
}

/** The peer renews its reservation by itself some minutes before it expires. */
function renewalWords(expires: number | undefined, now: number): string[] {
  if (expires === undefined) return []
  if (expires <= now) return [`expired at ${formatClock(expires, now)}, being renewed`]
  const renewedAt = Math.max(expires - RENEWED_BEFORE_MS, now)
  const renewal = renewedAt > now ? `renewed in ${until(renewedAt, now)}` : 'being renewed'
  return [`${renewal} (it lasts until ${formatClock(expires, now)})`]
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
