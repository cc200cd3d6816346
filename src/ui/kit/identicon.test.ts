import { expect, test } from 'vitest'
import { identiconOf } from './identicon.tsx'

test('the same id always looks the same, another one different', () => {
  expect(identiconOf('12D3KooWa')).toEqual(identiconOf('12D3KooWa'))
  expect(identiconOf('12D3KooWa')).not.toEqual(identiconOf('12D3KooWb'))
})

test('every picture is its own mirror image', () => {
  const { cells } = identiconOf('3kQz9aRt')
  const has = (x: number, y: number): boolean => cells.some(([cx, cy]) => cx === x && cy === y)
  expect(cells.length).toBeGreaterThan(0)
  for (const [x, y] of cells) expect(has(4 - x, y)).toBe(true)
})
