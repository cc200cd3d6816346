import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from './address.ts'
import { keyIn, processOf, readKey } from './instance-key.ts'
import { newPid } from './pid.ts'
import { SELF } from './test-peer.ts'

const PID = newPid()
const aliases = { self: SELF, root: newPid() }
const read = (proc: string): string => parseAddress(`/ww/0.1.0/self/${proc}/run`, aliases).proc

test.each([
  ['plain', 'plain'],
  // The first colon ends the PID.
  ['a:b', 'a:b'],
  [' a b ', ' a b '],
  ['50%', '50%'],
  ['%2F', '%2F'],
  ['..', '..'],
  // Texts that look the same are the same key.
  ['Zoe\u0308', 'Zo\u00eb'],
  ['\u212b', '\u00c5'],
  ['👩‍👩‍👧', '👩‍👩‍👧'],
  ['x'.repeat(128), 'x'.repeat(128)],
])('the key %j stands in addresses as %j', (given, key) => {
  const name = read(`${PID}:${given}`)
  expect(name).toBe(`${PID}:${key}`)
  expect([processOf(name), keyIn(name)]).toEqual([PID, key])
  const address = formatAddress({ host: SELF, proc: processOf(name), method: 'run' })
  expect(parseAddress(address.replace(PID, name))).toEqual({ host: SELF, proc: name, method: 'run' })
})

test.each(['', 'a\nb', '\0', '\u2028', '\ufffd', '\ud800', 'a\ud800', 'x'.repeat(129), 'ü'.repeat(65)])(
  'no key: %j',
  (key) => {
    expect(() => read(`${PID}:${key}`)).toThrow(/cannot be a key: a key is 1 to 128 bytes of text on one line/)
    expect(() => readKey(key)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
  },
)

test('a slash is in no key, and a key is no PID', () => {
  expect(() => readKey('a/b')).toThrow(/without a slash/)
  expect(() => readKey(7)).toThrow(/cannot be a key/)
  expect(() => read(`a:${PID}`)).toThrow(/“a” is not a PID/)
  expect(read('root:a')).toBe(`${aliases.root}:a`)
})
