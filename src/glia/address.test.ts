import { expect, test } from 'vitest'
import { type Aliases, formatAddress, parseAddress, parsePlace } from './address.ts'
import { isPid, newPid, systemPid } from './pid.ts'
import { OTHER, SELF } from './test-peer.ts'

const root = newPid()
const proc = newPid()
const aliases: Aliases = { self: SELF, root }

test('an address reads the same in both directions', () => {
  const address = { host: SELF, proc, method: 'echo' }
  expect(formatAddress(address)).toBe(`/ww/0.1.0/${SELF}/${proc}/echo`)
  expect(parseAddress(formatAddress(address))).toEqual(address)
})

test.each([
  ['/ww/0.1.0/self/root/echo', { host: SELF, proc: root, method: 'echo' }],
  [`/ww/0.1.0/self/${proc}/echo`, { host: SELF, proc, method: 'echo' }],
  [`/ww/0.1.0/${SELF}/root/echo`, { host: SELF, proc: root, method: 'echo' }],
  [`/ww/0.1.0/${OTHER}/${proc}/echo`, { host: OTHER, proc, method: 'echo' }],
  ['/ww/0.1.0/self/sys/list', { host: SELF, proc: systemPid(SELF), method: 'list' }],
  [`/ww/0.1.0/${OTHER}/sys/list`, { host: OTHER, proc: systemPid(OTHER), method: 'list' }],
  ['/ww/0.1.0/self/root/größe', { host: SELF, proc: root, method: 'größe' }],
])('%s is read with its aliases', (text, address) => {
  expect(parseAddress(text, aliases)).toEqual(address)
})

test.each([
  ['nothing', '', '/ww/0.1.0/{peer}/{process}/{method}'],
  ['no slash at the start', `ww/0.1.0/self/root/echo`, '/ww/0.1.0/{peer}/{process}/{method}'],
  ['another first part', '/www/0.1.0/self/root/echo', '/ww/0.1.0/{peer}/{process}/{method}'],
  ['no method', '/ww/0.1.0/self/root', '/ww/0.1.0/{peer}/{process}/{method}'],
  ['a part too many', '/ww/0.1.0/self/root/echo/more', '/ww/0.1.0/{peer}/{process}/{method}'],
  ['another version', '/ww/0.2.0/self/root/echo', 'version 0.1.0, not 0.2.0'],
  ['no peer', '/ww/0.1.0//root/echo', '“” is not a peer id'],
  ['what is no peer id', '/ww/0.1.0/me/root/echo', '“me” is not a peer id'],
  ['what is no PID', '/ww/0.1.0/self/1234/echo', '“1234” is not a PID'],
  ['no process', '/ww/0.1.0/self//echo', '“” is not a PID'],
  ['the root of another peer', `/ww/0.1.0/${OTHER}/root/echo`, '“root” names a process of this peer only'],
  ['an empty method', '/ww/0.1.0/self/root/', '1 to 256 characters'],
  ['a method that is a step up', '/ww/0.1.0/self/root/..', '1 to 256 characters'],
  ['a method of two lines', '/ww/0.1.0/self/root/a\nb', 'on one line'],
  ['a method of 257 characters', `/ww/0.1.0/self/root/${'m'.repeat(257)}`, '1 to 256 characters'],
])('%s is a bad address, and the error says why', (_, text, why) => {
  expect(() => parseAddress(text, aliases)).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_ADDRESS', message: expect.stringContaining(why) as unknown }),
  )
})

test('aliases are not known where they are not given, as on the wire', () => {
  expect(() => parseAddress(`/ww/0.1.0/self/${proc}/echo`)).toThrow('“self” is not a peer id')
  expect(() => parseAddress(`/ww/0.1.0/${SELF}/root/echo`)).toThrow('“root” is not a PID')
})

test('a method of 256 characters is taken', () => {
  const method = 'm'.repeat(256)
  expect(parseAddress(`/ww/0.1.0/self/root/${method}`, aliases).method).toBe(method)
})

test('the error does not repeat a very long address', () => {
  expect(() => parseAddress('x'.repeat(10_000))).toThrow(/^.{50,350}$/)
})

test.each([
  `/ww/0.1.0/${SELF}/${proc}`,
  `/ww/0.1.0/${SELF}/${proc}/echo`,
  '/ww/0.1.0/self/root',
  '/ww/0.1.0/self/root/',
])('the address of a process: %s', (text) => {
  const place = parsePlace(text, aliases)
  expect([place.host, typeof place.proc, Object.keys(place)]).toEqual([SELF, 'string', ['host', 'proc']])
})

test.each([`/ww/0.1.0/${SELF}`, '/ww/0.1.0/self/root/echo/x', '/ww/0.2.0/self/root', '/ww/0.1.0/self/x', ''])(
  'no address of a process: %s',
  (text) => {
    expect(() => parsePlace(text, aliases)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
  },
)

test('the PID of a system process is known by its peer id, and no two are the same', () => {
  expect(isPid(systemPid(SELF))).toBe(true)
  expect(systemPid(OTHER)).not.toBe(systemPid(SELF))
  // An alias does not travel: peers send PIDs.
  expect(() => parseAddress(`/ww/0.1.0/${SELF}/sys/list`)).toThrow('“sys” is not a PID')
})
