import { expect, test } from 'vitest'
import { remembered } from './remembered.ts'

function counting(size: number): { get: (text: string) => number | undefined; asked: string[] } {
  const asked: string[] = []
  const get = remembered((text) => {
    asked.push(text)
    return text === 'wrong' ? undefined : text.length
  }, size)
  return { get, asked }
}

test('a result is computed once', () => {
  const { get, asked } = counting(3)
  expect([get('one'), get('three'), get('one')]).toEqual([3, 5, 3])
  expect(asked).toEqual(['one', 'three'])
})

test('what has no result is not kept', () => {
  const { get, asked } = counting(3)
  expect([get('wrong'), get('wrong')]).toEqual([undefined, undefined])
  expect(asked).toEqual(['wrong', 'wrong'])
})

test('it keeps no more results than it may', () => {
  const { get, asked } = counting(2)
  for (const text of ['a', 'b', 'c', 'c', 'b']) get(text)
  expect(asked).toEqual(['a', 'b', 'c', 'b'])
})
