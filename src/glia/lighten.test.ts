import { describe, expect, test } from 'vitest'
import { lighten } from './lighten.ts'

/** Frees an amount from owners, each a list of parts. @returns what each owner has left. */
function left(owners: number[][], amount: number): number[] {
  lighten<number[]>(owners, amount, { weigh: sum, free: (parts) => parts.shift() ?? 0 })
  return owners.map(sum)
}
const sum = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0)

describe('what is freed is taken', () => {
  test('from the owner that has most, while it has most', () => {
    expect(left([[5, 5], Array.from({ length: 60 }, () => 1)], 40)).toEqual([10, 20])
  })

  test('from the heaviest in equal measure', () => {
    const ones = (length: number): number[] => Array.from({ length }, () => 1)
    expect(left([ones(50), ones(40), ones(10)], 50)).toEqual([20, 20, 10])
  })

  test('and no more than needed, if all have the same', () => {
    expect(left([[8], [8], [8]], 4)).toEqual([0, 8, 8])
  })

  test('from others, if those that have most can free nothing', () => {
    const fixed = { fixed: 100, parts: [] as number[] }
    const other = { fixed: 0, parts: [1, 1, 1] }
    lighten([fixed, other], 2, {
      weigh: ({ fixed: more, parts }) => (parts.length > 0 ? more + sum(parts) : 0),
      free: ({ parts }) => parts.shift() ?? 0,
    })
    expect(other.parts).toHaveLength(1)
  })

  test('as far as there is something', () => {
    expect(left([[1], [2]], 10)).toEqual([0, 0])
    expect(left([], 10)).toEqual([])
  })
})
