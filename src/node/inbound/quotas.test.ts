import { expect, test } from 'vitest'
import { Quota } from './quota.ts'
import { Unfinished } from './unfinished.ts'

test('a quota counts each network on its own, and a place is given back once', () => {
  const quota = new Quota(2)
  const first = quota.take('a')
  expect(quota.take('a')).toBeDefined()
  expect(quota.take('a')).toBeUndefined()
  expect(quota.take('b')).toBeDefined()
  first?.()
  first?.()
  expect(quota.take('a')).toBeDefined()
  expect(quota.take('a')).toBeUndefined()
  // This machine has eight times as much.
  const here = Array.from({ length: 17 }, () => quota.take('127.0.0.1'))
  expect(here.filter((place) => place === undefined)).toHaveLength(1)
})

test('past a bound the oldest that is unfinished is ended: of its network, or of all', () => {
  const ended: string[] = []
  let counted = 0
  const unfinished = new Unfinished({ perNetwork: 2, inAll: 4 }, () => (counted += 1))
  const add = (name: string, network: string): (() => void) => unfinished.add(network, () => ended.push(name))
  const first = add('a1', 'a')
  add('a2', 'a')
  first()
  add('a3', 'a')
  expect(ended).toEqual([])
  add('a4', 'a')
  expect(ended).toEqual(['a2'])
  add('c1', 'c')
  add('b1', 'b')
  add('b2', 'b')
  expect(ended).toEqual(['a2', 'a3'])
  expect(counted).toBe(2)
})
