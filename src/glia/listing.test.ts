import { expect, test } from 'vitest'
import { listingFor, MAX_LISTING, readListing } from './listing.ts'
import { newPid } from './pid.ts'
import { type GivenPolicy, makePolicy } from './process/policy.ts'
import { OTHER, SELF } from './test-peer.ts'

function process(policy: GivenPolicy, name = 'counter', methods: readonly string[] = ['value', 'increment']) {
  return { pid: newPid(), name, methods, policy: makePolicy({ ...policy }) }
}

test('a process is listed only if its policy says so, to those who may call it, with what they may call', () => {
  const own = { increment: { callers: 'browser' } } as const
  const [hidden, closed] = [process({}), process({ listed: true, callers: 'browser' })]
  const [open, friends] = [process({ listed: true, methods: own }), process({ listed: true, callers: [SELF] })]
  const all = [hidden, closed, open, friends]
  expect(listingFor(OTHER, all)).toEqual([{ pid: open.pid, name: 'counter', methods: ['value'] }])
  expect(listingFor(SELF, all).map(({ pid }) => pid)).toEqual([open.pid, friends.pid])
})

test('a list tells which processes have an instance for each key', () => {
  const keyed = { ...process({ listed: true }), key: true }
  const listed = listingFor(OTHER, [keyed, process({ listed: true })])
  expect(listed.map(({ key }) => key)).toEqual([true, undefined])
  expect(readListing(JSON.stringify(listed))).toEqual(listed)
  expect(readListing(JSON.stringify([{ ...listed[0], key: 'yes' }]))[0]).not.toHaveProperty('key')
})

test('a list has an end, however many there are', () => {
  const many = Array.from({ length: 2000 }, () => process({ listed: true }, 'n'.repeat(100)))
  const listed = listingFor(OTHER, many)
  expect(listed.length).toBeGreaterThan(100)
  expect(JSON.stringify(listed).length).toBeLessThanOrEqual(MAX_LISTING)
  expect(readListing(JSON.stringify(listed))).toEqual(listed)
})

test('of another peer’s list what is none is left out', () => {
  const pid = newPid()
  const given = [{ pid, name: 'n', methods: ['a', 7, 'b/c'] }, { pid: 'x', name: 'n', methods: [] }, 'n', null, { pid }]
  expect(readListing(JSON.stringify(given))).toEqual([{ pid, name: 'n', methods: ['a'] }])
  expect(readListing('{"pid":1}')).toEqual([])
  expect(() => readListing('<html>')).toThrow(SyntaxError)
})
