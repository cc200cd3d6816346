import { expect, test } from 'vitest'
import { ClientNames } from './client-names.ts'

const secret = new Uint8Array(32).fill(1)

test('a client has the same name after a restart, and another one at another gateway', () => {
  const name = new ClientNames(secret).of('192.0.2.7')
  expect(name).toMatch(/^[\w-]{22}$/)
  expect(new ClientNames(secret).of('192.0.2.7')).toBe(name)
  expect(new ClientNames(secret).of('192.0.2.8')).not.toBe(name)
  expect(new ClientNames(new Uint8Array(32).fill(2)).of('192.0.2.7')).not.toBe(name)
})
