import { expect, test } from 'vitest'
import { DEFAULT_POLICY, makePolicy, mayCall } from './policy.ts'
import { newPid } from './pid.ts'
import { OTHER, SELF } from './test-peer.ts'

/** A process of this tab. */
const PID = newPid()

test('the defaults are those of the design', () => {
  expect(makePolicy()).toEqual({
    callers: 'anyone',
    call: false,
    deadlineMs: 30_000,
    mailbox: 64,
    maxMemoryBytes: 256 * 1024 * 1024,
    maxMessageBytes: 64 * 1024 * 1024,
    maxReplyBytes: 1024 * 1024 * 1024,
    maxOpenFiles: 128,
    maxCalls: 16,
    maxDataBytes: 64 * 1024 * 1024,
    sync: 'relaxed',
    evict: false,
    okExits: [],
  })
})

test('what is given stands, what is not has its default, and the defaults stay what they are', () => {
  const given = { deadlineMs: 1, mailbox: 0, callers: [OTHER], call: true, evict: true, maxCalls: 0, maxReplyBytes: 9 }
  expect(makePolicy({ ...given, maxMessageBytes: undefined })).toEqual({ ...DEFAULT_POLICY, ...given })
  expect(DEFAULT_POLICY.deadlineMs).toBe(30_000)
})

test.each([
  { deadlineMs: 0 },
  { deadlineMs: 2 ** 31 },
  { deadlineMs: '100' },
  { deadlineMs: Number.NaN },
  { mailbox: -1 },
  { mailbox: 1.5 },
  { maxMemoryBytes: 4 * 1024 ** 3 + 1 },
  { maxMessageBytes: Infinity },
  { callers: 'nobody' },
  { okExits: 1 },
  { okExits: [0.5] },
  { okExits: [2 ** 32] },
  { okExits: Array.from({ length: 257 }, (_, code) => code) },
  { callers: ['me'] },
  { callers: [7] },
  { call: 'yes' },
  { evict: 1 },
  { maxReplyBytes: -1 },
  { maxOpenFiles: 65_537 },
  { maxCalls: 0.5 },
  { deadline: 100 },
])('%o is refused by the name of its field', (given) => {
  const [field = ''] = Object.keys(given)
  expect(() => makePolicy(given)).toThrow(
    expect.objectContaining({
      code: 'ERR_BAD_REQUEST',
      message: expect.stringContaining(`policy.${field}:`) as unknown,
    }),
  )
})

test.each([
  ['anyone', OTHER, true],
  ['browser', OTHER, false],
  ['browser', 'browser', true],
  [[OTHER], OTHER, true],
  [[OTHER], SELF, false],
  [[OTHER], 'browser', true],
  [[], OTHER, false],
  ['browser', PID, true],
  [[], PID, true],
] as const)('with callers %o, %s may call: %s', (callers, caller, expected) => {
  expect(mayCall(makePolicy({ callers }), caller)).toBe(expected)
})
