import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { answeredWords, nameIn, processWords, timeWords } from './call-words.ts'

test.each([
  [0, 'The program made no call that the record had to answer.'],
  [1, 'One call of the program was answered from the record.'],
  [1204, '1,204 calls of the program were answered from the record.'],
])('of %i calls that the record answered it says: %s', (calls, words) => expect(answeredWords(calls)).toBe(words))

test('an instance is called as its process, with its key', () => {
  const [pid, other] = [newPid(), newPid()]
  const nameOf = (each: string) => nameIn(new Map([[pid, 'counter']]), each)
  const words = [pid, `${pid}:Zoë: b`, other, `${other}:alice`].map((each) => processWords(each, nameOf))
  const end = `…${other.slice(-6)}`
  expect(words).toEqual(['counter', 'counter:Zoë: b', end, `${end}:alice`])
})

test('the time of a call of an earlier day has the day', () => {
  const now = new Date(2026, 10, 22, 12, 4, 31, 250).getTime()
  expect(timeWords(now, now)).toEqual(['12:04:31', '.250'])
  const earlier = new Date(2026, 10, 21, 23, 59, 59).getTime()
  expect(timeWords(earlier, now)).toEqual(['21 Nov', ', 23:59'])
})
