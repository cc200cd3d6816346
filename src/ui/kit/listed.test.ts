import { expect, test } from 'vitest'
import { listed } from './listed.ts'

const all = ['a', 'b', 'c', 'd'].map((pid) => ({ pid }))
const pids = (limit: number, chosen?: string): string =>
  listed(all, limit, chosen)
    .map(({ pid }) => pid)
    .join('')

test('a list that is not longer than the limit is listed whole', () => {
  expect(listed(all, 4, 'd')).toBe(all)
})

test('of a longer one the first are, and the chosen one', () => {
  expect(pids(2)).toBe('ab')
  expect(pids(2, 'b')).toBe('ab')
  expect(pids(2, 'd')).toBe('abd')
  expect(pids(2, 'gone')).toBe('ab')
})
