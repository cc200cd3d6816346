import { expect, test } from 'vitest'
import { readCallKey, readRequestAge, readRequestKey, withAge } from './request-key.ts'

const read = (value: string) => readRequestKey(new Headers({ 'Idempotency-Key': value }))

test.each([
  ['a bare key', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['an sf-string', '"8e03978e"', '8e03978e'],
  ['an sf-string with escapes', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ['an sf-string with blanks', '"a key, of 3; words"', 'a key, of 3; words'],
  ['an sf-string with parameters', '"key"; v=1', 'key'],
  ['a key of 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
])('%s is read', (_, value, key) => {
  expect(read(value)).toBe(key)
})

test.each(['key', '"key"', '"key";age=3', String.raw`a\b`])('%s can be sent again with its age', (key) => {
  const headers = new Headers({ 'Idempotency-Key': withAge(key, 1500.2) })
  expect(readRequestKey(headers)).toBe(read(key))
  expect(readRequestAge(headers)).toBe(1501)
})

test.each(['key', '"key"', '"key";age=x', '"key";age=-1', 'age=5', '"key";age=12345678901'])('%s has no age', (key) => {
  expect(readRequestAge(new Headers({ 'Idempotency-Key': key }))).toBeUndefined()
})

test('a request without the header has no key', () => {
  expect(readRequestKey(new Headers())).toBeUndefined()
})

test.each([
  ['an empty one', ''],
  ['empty quotes', '""'],
  ['a key of 256 characters', 'k'.repeat(256)],
  ['a quoted key of 256 characters', `"${'k'.repeat(256)}"`],
  ['two headers', 'one, two'],
  ['quotes that do not end', '"key'],
  ['an escape of something else', String.raw`"a\b"`],
  ['text outside of ASCII', 'schlüssel'],
  ['blanks', 'two words'],
])('%s is refused', (_, value) => {
  expect(() => read(value)).toThrow(expect.objectContaining({ code: 'ERR_BAD_REQUEST' }))
})

test.each([7, null, '', 'ö', 'x'.repeat(256), 'a\nb', {}])('the key %j of a script is refused', (key) => {
  expect(() => readCallKey(key)).toThrow(expect.objectContaining({ code: 'ERR_BAD_REQUEST' }))
})

test('a script may use any printable ASCII as a key, or none', () => {
  expect([readCallKey('order "1" \\'), readCallKey(undefined)]).toEqual(['order "1" \\', undefined])
})
