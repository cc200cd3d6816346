import { expect, test } from 'vitest'
import { ProcessLog } from '../table/process-log.ts'
import { linesSince } from './numbered-lines.ts'

test('lines are read from a number on, and those that were dropped meanwhile are counted', () => {
  const log = new ProcessLog(() => undefined)
  const write = (text: string): void => log.write(new TextEncoder().encode(text))
  write('a\nb\n')
  const { next } = log
  expect(linesSince(log, next)).toEqual({ lines: [], missed: 0 })
  expect(linesSince(log, next - 2)?.lines.map(({ text }) => text)).toEqual(['a', 'b'])
  log.restore([{ at: 1, source: 'stderr', text: 'before' }])
  write('c\n')
  expect(linesSince(log, next)?.lines.map(({ text }) => text)).toEqual(['c'])
  write(Array.from({ length: 600 }, (_, i) => `${i}\n`).join(''))
  const { lines, missed } = linesSince(log, next) ?? {}
  expect([lines?.length, lines?.at(0)?.text, missed]).toEqual([500, '100', 101])
  for (const none of [next - 3, log.next + 1, -1, NaN, 0.5]) expect(linesSince(log, none)).toBeUndefined()
  expect(linesSince(new ProcessLog(() => undefined), next)).toBeUndefined()
})
