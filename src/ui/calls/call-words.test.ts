import { expect, test } from 'vitest'
import { answeredWords } from './call-words.ts'

test.each([
  [0, 'The program made no call that the record had to answer.'],
  [1, 'One call of the program was answered from the record.'],
  [1204, '1,204 calls of the program were answered from the record.'],
])('of %i calls that the record answered it says: %s', (calls, words) => expect(answeredWords(calls)).toBe(words))
