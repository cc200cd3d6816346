import { expect, test } from 'vitest'
import { counted } from './counted.ts'

test.each([
  [0, '0 messages', '0 processes'],
  [1, '1 message', '1 process'],
  [2, '2 messages', '2 processes'],
])('%i has the noun that fits', (count, messages, processes) => {
  expect(counted(count, 'message')).toBe(messages)
  expect(counted(count, 'process', 'processes')).toBe(processes)
})
