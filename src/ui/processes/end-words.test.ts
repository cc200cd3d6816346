import { expect, test } from 'vitest'
import type { ExitReason } from '../../glia/process/exit.ts'
import { backoffWords, endSentence } from './end-words.ts'

test.each<[number | undefined, string]>([
  [14_500, 'Comes back in 4 s'],
  [11_000, 'Comes back now'],
  [9000, 'Comes back now'],
  [undefined, 'Comes back now'],
])('until %s, at 10 s', (until, words) => {
  expect(backoffWords(until, 10_000)).toBe(words)
})

test.each<[ExitReason, string]>([
  [{ type: 'exited', code: 3 }, 'It exited with code 3.'],
  [{ type: 'trapped', message: 'unreachable', frames: ['in boom'] }, 'It trapped: unreachable in boom.'],
  [{ type: 'memory', message: 'unreachable', frames: [] }, 'It ran out of memory: unreachable.'],
  [{ type: 'deadline', message: 'spin did not end within its 1 s.' }, 'spin did not end within its 1 s.'],
])('%o', (reason, words) => {
  expect(endSentence(reason)).toBe(words)
})
