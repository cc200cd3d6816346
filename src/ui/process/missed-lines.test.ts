import { expect, test } from 'vitest'
import { ProcessLog } from '../../actors/table/process-log.ts'
import { missedWords } from './missed-lines.ts'

/** A log with so many lines. */
function logOf(lines: number): ProcessLog {
  const log = new ProcessLog(() => undefined)
  log.write(new TextEncoder().encode('x\n'.repeat(lines)))
  return log
}

test.each([
  ['an empty log', 0],
  ['a short log', 3],
  ['a log that drops its oldest lines', 500],
])('the lines that %s gets while it is paused are counted', (_what, before) => {
  const log = logOf(before)
  const held = log.lines
  expect(missedWords(held, log.lines)).toBe('')
  log.add('stderr', 'x')
  expect(missedWords(held, log.lines)).toBe('One more line came meanwhile.')
  log.write(new TextEncoder().encode('x\n'.repeat(41)))
  expect(missedWords(held, log.lines)).toBe('42 more lines came meanwhile.')
})

test('of a log that has none of the lines any more it is known how many came at least', () => {
  const log = logOf(500)
  const held = log.lines
  log.write(new TextEncoder().encode('x\n'.repeat(600)))
  expect(missedWords(held, log.lines)).toBe('At least 500 more lines came meanwhile.')
})
