/** How numbers, ids and times read on the page. Unknown is an en dash, never 0. */

const UNKNOWN = '–'
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']
const BINARY_UNITS = ['KiB', 'MiB', 'GiB']

/** `512 B`, `1.3 MB`: decimal units, two significant figures below ten. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return UNKNOWN
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

/** `64 KiB`, `1.5 MiB`: binary units, for what is counted in pages of memory. */
export function formatBinary(bytes: number): string {
  let value = bytes / 1024
  let unit = 0
  while (value >= 1023.95 && unit < BINARY_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${Math.round(value * 10) / 10} ${BINARY_UNITS[unit]}`
}

/** `0.04 ms`, `12 ms`, `1.3 s`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN
  if (ms >= 999.5) return `${(ms / 1000).toFixed(1)} s`
  return `${ms.toFixed(ms >= 9.95 ? 0 : ms >= 0.995 ? 1 : 2)} ms`
}

/** `1,204`. The first use of a browser's rules for numbers takes it 15 ms, so small numbers do without. */
export function formatCount(count: number): string {
  return Number.isInteger(count) && Math.abs(count) < 1000 ? `${count}` : count.toLocaleString('en')
}

/** `12:04:31`, local time. Without the browser's rules for times, as above. */
function formatTime(at: number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => `${part}`.padStart(2, '0')).join(':')
}

/** `12:04:31` if it was today, else `22 Nov, 12:04`, local time. */
export function formatMoment(at: number, now = Date.now()): string {
  return isSameDay(at, now) ? formatTime(at) : formatDayAndClock(at)
}

/** `14:05` if it is today, else `22 Nov, 14:05`, local time. */
export function formatClock(at: number, now = Date.now()): string {
  return isSameDay(at, now) ? formatTime(at).slice(0, 5) : formatDayAndClock(at)
}

function formatDayAndClock(at: number): string {
  const day = new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  return `${day}, ${formatTime(at).slice(0, 5)}`
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString()
}

/** `8 s`, `58 min`, `3 h`, `2 d`: a duration in its largest unit, rounded down, at least one second. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(1, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** Characters of an id that are shown. */
const SHOWN = 6

/**
 * `…9fpQ8f`: the end of an id. Peer ids and CIDs all begin with the same characters, so only the end tells them apart.
 */
export function shortId(id: string): string {
  return id.length <= SHOWN + 4 ? id : `…${id.slice(-SHOWN)}`
}
