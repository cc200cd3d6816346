import { expect, test } from 'vitest'
import { byNumber, byText, inOrderOf, matches, nextSort, sorted } from './table-order.ts'
import { piecesOf, scrollOf, scrollTopFor, topRowOf } from './table-window.ts'

const total = (pieces: ReturnType<typeof piecesOf>): number =>
  pieces.reduce((sum, piece) => sum + ('gap' in piece ? piece.gap : 1), 0)

test('a long table shows the rows in sight, and gaps for the others', () => {
  expect(piecesOf(1000, 10, 12, -1)).toEqual([{ gap: 10, at: 0 }, { row: 10 }, { row: 11 }, { gap: 988, at: 12 }])
})

test('the row with the focus stays, above and below what is in sight', () => {
  expect(piecesOf(100, 10, 11, 3)).toEqual([
    { gap: 3, at: 0 },
    { row: 3 },
    { gap: 6, at: 4 },
    { row: 10 },
    { gap: 89, at: 11 },
  ])
  expect(piecesOf(100, 0, 1, 99)).toEqual([{ row: 0 }, { gap: 98, at: 1 }, { row: 99 }])
  expect(piecesOf(100, 0, 2, 1)).toEqual([{ row: 0 }, { row: 1 }, { gap: 98, at: 2 }])
})

test.each([
  [0, 0, 20, -1],
  [3, 0, 20, 7],
  [3, 40, 60, 1],
  [1000, 990, 1010, 0],
] as const)('every row is shown or in a gap, once: %j', (count, first, last, kept) => {
  expect(total(piecesOf(count, first, last, kept))).toBe(count)
})

const rows = [
  { name: 'a10', ms: 2 },
  { name: 'b', ms: undefined },
  { name: 'a2', ms: 2 },
]

test('rows are sorted as a person would, unknown numbers first, equal rows as they were', () => {
  expect(
    sorted(
      rows,
      byText((row) => row.name),
      false,
    ).map(({ name }) => name),
  ).toEqual(['a2', 'a10', 'b'])
  expect(
    sorted(
      rows,
      byNumber((row) => row.ms),
      false,
    ).map(({ name }) => name),
  ).toEqual(['b', 'a10', 'a2'])
  expect(
    sorted(
      rows,
      byNumber((row) => row.ms),
      true,
    ).map(({ name }) => name),
  ).toEqual(['a10', 'a2', 'b'])
})

test('rows keep their places while they are held, and new ones come last', () => {
  const held = inOrderOf(['b', 'gone', 'a2'], rows, (row) => row.name)
  expect(held.map(({ name }) => name)).toEqual(['b', 'a2', 'a10'])
})

test('the head of a column sorts up, then down, then not', () => {
  const up = nextSort(undefined, 'name')
  expect(up).toEqual({ column: 'name', down: false })
  const down = nextSort(up, 'name')
  expect(down).toEqual({ column: 'name', down: true })
  expect(nextSort(down, 'name')).toBeUndefined()
  expect(nextSort(down, 'ms')).toEqual({ column: 'ms', down: false })
})

test('a filter wants each of its words somewhere', () => {
  expect(matches(' Count  IDLE ', ['counter', 'idle'])).toBe(true)
  expect(matches('count busy', ['counter', 'idle'])).toBe(false)
  expect(matches('', [])).toBe(true)
})

test('the row at the top stays there while rows come above it, unless the table is at its top', () => {
  const keys = ['c', 'b', 'a']
  const keyAt = (place: number): string | undefined => keys[place]
  const placeIn =
    (...all: string[]) =>
    (key: string): number =>
      all.indexOf(key)
  expect(topRowOf(keyAt, 0, 36)).toBeUndefined()
  expect(topRowOf(() => undefined, 40, 36)).toBeUndefined()
  const top = topRowOf(keyAt, 40, 36)
  expect(top).toEqual({ key: 'b', hiddenPx: 4 })
  if (!top) return
  expect(scrollOf(placeIn(...keys), top, 36)).toBe(40)
  expect(scrollOf(placeIn('e', 'd', ...keys), top, 36)).toBe(112)
  expect(scrollOf(placeIn('e', 'd'), top, 36)).toBeUndefined()
})

test.each([
  ['is in sight', 2, 36, 36],
  ['is above', 1, 100, 36],
  ['is below', 20, 36, 392],
  ['is in part beneath the lower edge', 10, 10, 32],
])('a row that %s is brought into sight with as little motion as it takes', (_, row, from, to) => {
  expect(scrollTopFor(row, from, 400, 36)).toBe(to)
})
