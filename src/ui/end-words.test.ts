import { expect, test } from 'vitest'
import { backoffWords } from './end-words.ts'

test.each<[number | undefined, string]>([
  [14_500, 'Comes back in 4 s'],
  [11_000, 'Comes back now'],
  [9000, 'Comes back now'],
  [undefined, 'Comes back now'],
])('until %s, at 10 s', (until, words) => {
  expect(backoffWords(until, 10_000)).toBe(words)
})
