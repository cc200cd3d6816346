const WHOLE = {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
} as const

/** `22 Nov 2026, 12:04:31`, local time: for what may be of any day, or is compared to the second. No first call needs it. */
export function formatWhole(at: number): string {
  return new Date(at).toLocaleString('en-GB', WHOLE)
}
