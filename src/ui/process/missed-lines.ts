import type { LogLine } from '../../actors/table/process-log.ts'
import { formatCount } from '../kit/format.ts'

/**
 * How many lines came while a log was paused, in words; empty if none did.
 * @param held The lines when it was paused.
 * @param whole The lines now. A log drops its oldest ones.
 */
export function missedWords(held: readonly LogLine[], whole: readonly LogLine[]): string {
  const last = held.at(-1)
  const at = last ? whole.lastIndexOf(last) : -1
  const missed = whole.length - at - 1
  if (missed === 0) return ''
  const count = missed === 1 ? 'One more line' : `${formatCount(missed)} more lines`
  return last && at < 0 ? `At least ${count.toLowerCase()} came meanwhile.` : `${count} came meanwhile.`
}
