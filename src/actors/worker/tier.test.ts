import { expect, test } from 'vitest'
import { chooseTier } from './tier.ts'

const modern = { isolated: true, sharedMemory: true, waitAsync: true, jspi: true }

test.each([
  [modern, 'rings', /cross-origin isolated/],
  [{ ...modern, jspi: false }, 'rings', /shared memory/],
  [{ ...modern, isolated: false }, 'JSPI', /not cross-origin isolated/],
  [{ ...modern, waitAsync: false }, 'JSPI', /no Atomics\.waitAsync/],
  [{ ...modern, isolated: false, jspi: false }, 'buffered', /not cross-origin isolated.*no JSPI/],
  [{ ...modern, waitAsync: false, jspi: false }, 'buffered', /no Atomics\.waitAsync.*no JSPI/],
  // WebKitGTK 2.50 as it comes.
  [
    { ...modern, sharedMemory: false, jspi: false },
    'buffered',
    /whole: this browser has no SharedArrayBuffer.*no JSPI/,
  ],
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
  const plain = { ...modern, isolated: false, jspi: false }
  for (const asked of ['rings', 'jspi', 'magic', '', null]) expect(chooseTier(plain, asked).name).toBe('buffered')
})
