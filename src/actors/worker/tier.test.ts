import { expect, test } from 'vitest'
import { chooseTier } from './tier.ts'

const modern = { isolated: true, waitAsync: true, jspi: true }

test.each([
  [modern, 'rings', /cross-origin isolated/],
  [{ ...modern, jspi: false }, 'rings', /shared memory/],
  [{ ...modern, isolated: false }, 'JSPI', /not cross-origin isolated/],
  [{ ...modern, waitAsync: false }, 'JSPI', /no Atomics\.waitAsync/],
  [{ isolated: false, waitAsync: true, jspi: false }, 'buffered', /not cross-origin isolated.*no JSPI/],
  [{ isolated: true, waitAsync: false, jspi: false }, 'buffered', /no Atomics\.waitAsync.*no JSPI/],
] as const)('%o has the tier %s, and says why', (features, name, why) => {
  const tier = chooseTier(features)
  expect(tier.name).toBe(name)
  expect(tier.why).toMatch(why)
})

test.each([
  ['buffered', 'buffered'],
  ['jspi', 'JSPI'],
  ['RINGS', 'rings'],
])('where all are possible, ?io=%s gives %s', (asked, name) => {
  expect(chooseTier(modern, asked)).toEqual({ name, why: `Asked for in the address (?io=${asked}).` })
})

test('what cannot be had or does not exist is not given', () => {
  const plain = { isolated: false, waitAsync: true, jspi: false }
  for (const asked of ['rings', 'jspi', 'magic', '', null]) expect(chooseTier(plain, asked).name).toBe('buffered')
})
