import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'

test('blank lines, space around lines and repeats do not count', () => {
  expect(linesOf('\n /ip4/127.0.0.1/tcp/4002/ws \r\n\nstun:a\nstun:a')).toEqual([
    '/ip4/127.0.0.1/tcp/4002/ws',
    'stun:a',
  ])
  expect(linesOf(' ')).toEqual([])
})
