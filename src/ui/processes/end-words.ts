import { type ExitReason, exitText } from '../../glia/process/exit.ts'
import { formatSpan } from '../kit/format.ts'

/** How a process ended, in one or two words. The console says more. */
export const EXIT_WORDS: Readonly<Record<ExitReason['type'], string>> = {
  exited: 'exited',
  trapped: 'trapped',
  memory: 'out of memory',
  deadline: 'deadline',
  start: 'did not start',
  killed: 'killed',
  linked: 'with another',
}

/** How an instance ended, as a sentence. */
export function endSentence(reason: ExitReason): string {
  const text = exitText(reason)
  const isPredicate = reason.type === 'exited' || reason.type === 'trapped' || reason.type === 'memory'
  return isPredicate ? `It ${reason.type === 'memory' ? 'ran ' : ''}${text}.` : `${text}.`
}

/**
 * When a process comes back: `Comes back in 4 s`.
 * @param until In ms since the epoch.
 * @param now In ms since the epoch.
 */
export function backoffWords(until: number | undefined, now: number): string {
  const leftMs = (until ?? 0) - now
  return leftMs > 1000 ? `Comes back in ${formatSpan(leftMs)}` : 'Comes back now'
}
