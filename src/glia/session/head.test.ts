import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { fields } from '../untrusted.ts'
import { decodeStatus, encodeStatus } from './head.ts'

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

test.each(['ERR_NO_READER', 'ERR_PROTOCOL'] as const)(
  '%s is a reset to a peer of version 0.1, and itself to others',
  (code) => {
    const sent = encodeStatus(new GliaError(code, 'enough'))
    const seen = fields(JSON.parse(new TextDecoder().decode(sent)))
    expect([seen['code'], seen['message']]).toEqual(['ERR_RESET', 'enough'])
    expect(decodeStatus(sent)).toMatchObject({ code, message: 'enough' })
    const long = encodeStatus(new GliaError(code, 'x'.repeat(100_000)))
    expect(decodeStatus(long).code).toBe(code)
  },
)

test('a reset of a peer of version 0.1 stays one, and a code of a later version keeps its sentence', () => {
  expect(decodeStatus(encode({ code: 'ERR_RESET', message: 'enough' }))).toMatchObject({ code: 'ERR_RESET' })
  const later = { code: 'ERR_NEW', exactly: 'ERR_NEWER', message: 'in words' }
  expect(decodeStatus(encode(later))).toMatchObject({ code: 'ERR_INTERNAL', message: 'in words' })
  expect(decodeStatus(encode({ ...later, code: 'ERR_RESET' }))).toMatchObject({ code: 'ERR_RESET' })
})
