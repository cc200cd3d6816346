import { expect, test } from 'vitest'
import { headText } from './head-text.ts'

test('text reads as text, also if a character is cut at its end, and everything else as hex', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  expect(headText(bytes('a\n\tü'))).toEqual({ text: 'a\n\tü', kind: 'text' })
  expect(headText(bytes('aü').subarray(0, 2)).kind).toBe('text')
  expect(headText(new Uint8Array([0, 255, 10]))).toEqual({ text: '00 ff 0a', kind: 'hex' })
  expect(headText(new Uint8Array([255, 65, 66])).kind).toBe('hex')
  expect(headText(new Uint8Array())).toEqual({ text: '', kind: 'text' })
})
