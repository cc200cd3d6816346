import { expect, test } from 'vitest'
import { nextName } from './next-name.ts'

test('a copy has the next free number', () => {
  expect(nextName('counter', ['counter'])).toBe('counter-2')
  expect(nextName('counter-2', ['counter', 'counter-2'])).toBe('counter-3')
  expect(nextName('counter', ['counter', 'counter-3'])).toBe('counter-2')
  expect(nextName('-7', ['-7'])).toBe('-7-2')
})
