import { expect, test } from 'vitest'
import { encodeMessage } from './message-format.ts'

test.each([
  ['48 65 6c', [0x48, 0x65, 0x6c]],
  ['0x48,0x65\n6C', [0x48, 0x65, 0x6c]],
  ['00:ff', [0, 255]],
  ['', []],
] as const)('hexadecimal digits are bytes: %j', (text, bytes) => {
  expect([...encodeMessage('hex', text)]).toEqual(bytes)
})

test.each([
  ['hex', '4', 'missing'],
  ['hex', 'xyz', '“x”'],
  ['json', '{"a":', 'not JSON'],
  ['json', '', 'not JSON'],
] as const)('what is wrong with a message is said: %s %j', (format, text, words) => {
  expect(() => encodeMessage(format, text)).toThrow(words)
})

test('text and JSON are sent as they were typed', () => {
  expect(new TextDecoder().decode(encodeMessage('json', ' {"a": 1}'))).toBe(' {"a": 1}')
  expect(new TextDecoder().decode(encodeMessage('text', 'ü\n'))).toBe('ü\n')
})
