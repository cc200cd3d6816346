import { expect, test } from 'vitest'
import { nextSelection } from './selection.ts'

test('a choice that is still there stays', () => expect(nextSelection('b', ['a', 'b'], ['b', 'a'])).toBe('b'))

test('the next one moves up into the place of one that has gone', () => {
  expect(nextSelection('b', ['a', 'b', 'c'], ['a', 'c'])).toBe('c')
})

test('after the last one has gone the one before it is chosen', () => {
  expect(nextSelection('c', ['a', 'b', 'c'], ['a', 'b'])).toBe('b')
})

test('at first the first is chosen, and nothing of nothing', () => {
  expect(nextSelection(undefined, [], ['a', 'b'])).toBe('a')
  expect(nextSelection('a', ['a'], [])).toBeUndefined()
})
