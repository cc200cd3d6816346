import { expect, test } from 'vitest'
import { methodChanges } from './swap-words.ts'

test.each<[string[], string[], string]>([
  [['a', 'b'], ['b', 'a'], 'It has the same methods.'],
  [['a'], ['a', 'b', 'c'], 'It adds b and c.'],
  [['a', 'b'], ['b'], 'It removes a.'],
  [['a'], ['b'], 'It adds b and removes a.'],
])('from %o to %o', (before, after, words) => {
  expect(methodChanges(before, after)).toBe(words)
})
