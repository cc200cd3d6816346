import { expect, test } from 'vitest'
import { hexDump, KEPT_BYTES, ReplyBuffer, SHOWN_BYTES } from './reply-text.ts'

test('text is shown as it comes, also when a character is split between chunks', () => {
  const bytes = new TextEncoder().encode('größer')
  const reply = new ReplyBuffer()
  reply.add(bytes.subarray(0, 3))
  expect(reply.text).toBe('gr')
  reply.add(bytes.subarray(3))
  expect(reply.text).toBe('größer')
  expect(reply.note).toBeUndefined()
  expect(reply.bytes()).toEqual(bytes)
})

test('what is not text is shown in hexadecimal', () => {
  const reply = new ReplyBuffer()
  reply.add(Uint8Array.of(0xff, 0x00, 0x41))
  expect(reply.text).toBe(hexDump(Uint8Array.of(0xff, 0x00, 0x41)))
  expect(reply.text).toBe('000000  ff 00 41                 ..A')
  expect(reply.note).toBe('Binary.')
})

test('of a long reply only the start is shown, and all is counted and kept', () => {
  const reply = new ReplyBuffer()
  for (let i = 0; i < 3; i++) reply.add(new Uint8Array(SHOWN_BYTES).fill(0x61))
  expect(reply.text).toHaveLength(SHOWN_BYTES)
  expect(reply.note).toBe('Only the start is shown.')
  expect(reply.size).toBe(3 * SHOWN_BYTES)
  expect(reply.complete).toBe(true)
  expect(reply.bytes()).toHaveLength(3 * SHOWN_BYTES)
})

test('a reply that ends within a character is not text', () => {
  const reply = new ReplyBuffer()
  reply.add(new TextEncoder().encode('ö').subarray(0, 1))
  reply.end()
  expect(reply.text).toContain('c3')
})

test('what does not fit any more ends what is kept, without a hole', () => {
  const reply = new ReplyBuffer()
  reply.add(new Uint8Array(KEPT_BYTES - 1))
  reply.add(new Uint8Array(2))
  reply.add(new Uint8Array(1))
  expect(reply.complete).toBe(false)
  expect(reply.bytes()).toHaveLength(KEPT_BYTES - 1)
  expect(reply.size).toBe(KEPT_BYTES + 2)
})
