import { expect, test } from 'vitest'
import { lineColumn } from './line-column.ts'

test('lines and columns begin with 1, and an end of line belongs to its line', () => {
  const text = 'ab\n\ncd'
  const places = [0, 2, 3, 4, 6, 99].map((offset) => Object.values(lineColumn(text, offset)).join(':'))
  expect(places).toEqual(['1:1', '1:3', '2:1', '3:1', '3:3', '3:3'])
})
