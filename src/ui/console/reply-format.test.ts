import { expect, test } from 'vitest'
import { imageType, jsonOf } from './reply-format.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('images are known by their first bytes', () => {
  expect(imageType(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0))).toBe('image/png')
  expect(imageType(bytes('RIFF1234WEBPVP8 '))).toBe('image/webp')
  expect(imageType(bytes('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe('image/svg+xml')
  expect(imageType(bytes('hello'))).toBeUndefined()
  expect(imageType(new Uint8Array())).toBeUndefined()
})

test('objects and lists are JSON, and a number reads as text', () => {
  expect(jsonOf(bytes('{"a": [1]}'))).toEqual({ a: [1] })
  expect(jsonOf(bytes('5'))).toBeUndefined()
  expect(jsonOf(bytes('null'))).toBeUndefined()
  expect(jsonOf(bytes('{"a":'))).toBeUndefined()
  expect(jsonOf(Uint8Array.of(0xff))).toBeUndefined()
})
