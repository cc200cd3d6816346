import { expect, test } from 'vitest'
import { timeWords } from './call-words.ts'

test('the time of a call of an earlier day has the day', () => {
  const now = new Date(2026, 10, 22, 12, 4, 31, 250).getTime()
  expect(timeWords(now, now)).toEqual(['12:04:31', '.250'])
  const earlier = new Date(2026, 10, 21, 23, 59, 59).getTime()
  expect(timeWords(earlier, now)).toEqual(['21 Nov', ', 23:59'])
})
