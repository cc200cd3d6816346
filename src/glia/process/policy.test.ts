import { expect, test } from 'vitest'
import { mayCall } from './callers.ts'
import { newPid } from '../pid.ts'
import { DEFAULT_POLICY, makePolicy } from './policy.ts'
import { OTHER, SELF } from '../test-peer.ts'

/** A process of this tab. */
const PID = newPid()

test('the defaults are those of the design', () => {
  expect(makePolicy()).toEqual({
    callers: 'anyone',
    methods: {},
    stderr: 'browser',
    trace: true,
    keepHeads: false,
    traceTo: 'browser',
    listed: false,
    shareModule: false,
    call: 'off',
    callTo: 'any',
    spawn: false,
    maxChildren: 16,
    maxChildrenBytes: 1024 * 1024 * 1024,
    http: [],
    deadlineMs: 30_000,
    mailbox: 64,
    maxMemoryBytes: 256 * 1024 * 1024,
    maxMessageBytes: 64 * 1024 * 1024,
    maxReplyBytes: 1024 * 1024 * 1024,
    maxOpenFiles: 128,
    maxCalls: 16,
    maxKeys: 10_000,
    maxDataBytes: 64 * 1024 * 1024,
    maxTmpBytes: 64 * 1024 * 1024,
    sync: 'relaxed',
    evict: false,
    memory: 'resident',
    durable: 'soon',
    okExits: [],
  })
})

test('what is given stands, what is not has its default, and the defaults stay what they are', () => {
  const given = { deadlineMs: 1, mailbox: 0, callers: [OTHER], evict: true, maxCalls: 0, maxReplyBytes: 9 }
  expect(makePolicy({ ...given, maxMessageBytes: undefined })).toEqual({ ...DEFAULT_POLICY, ...given })
  expect(DEFAULT_POLICY.deadlineMs).toBe(30_000)
})

test('a right to call that was given before it said whose it is, is the owner’s', () => {
  expect(makePolicy({ call: true }).call).toBe('owner')
  expect(makePolicy({ call: false }).call).toBe('off')
  expect(makePolicy({ call: 'caller' }).call).toBe('caller')
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
  { callers: Array.from({ length: 1001 }, () => OTHER) },
  { listed: 'all' },
  { callTo: 'all' },
  { callTo: ['root'] },
  { callTo: ['/ww/0.1.0/self/root'] },
  { callTo: ['/ww/0.1.0/me/root/echo'] },
  { callTo: ['/ww/0.1.0/self/root/echo/'] },
  { callTo: Array.from({ length: 101 }, () => '/ww/0.1.0/self/root/echo') },
  { http: 'https://example.org' },
  { http: ['example.org'] },
  { http: ['ftp://example.org'] },
  { http: ['//example.org'] },
  { http: ['https://example.org/path'] },
  { http: ['https://example.org?'] },
  { http: ['https://example.org#a'] },
  { http: ['https://me:secret@example.org'] },
  { http: ['https://example.org.'] },
  { http: ['https://*.example.org'] },
  { http: ['https://*'] },
  { http: ['null'] },
  { http: [7] },
  { http: Array.from({ length: 101 }, (_, n) => `https://${n}.example`) },
  { methods: [] },
  { methods: { run: 'browser' } },
  { methods: { run: { callers: 'me' } } },
  { methods: { run: { callers: 'browser', call: true } } },
  { methods: { 'a/b': { callers: 'browser' } } },
  { evict: 1 },
  { memory: 'magic' },
  { maxReplyBytes: -1 },
  { maxOpenFiles: 65_537 },
  { maxCalls: 0.5 },
  { deadline: 100 },
])('%o is refused by the name of its field', (given) => {
  const [field = ''] = Object.keys(given)
  expect(() => makePolicy(given)).toThrow(
    expect.objectContaining({
      code: 'ERR_BAD_REQUEST',
      message: expect.stringMatching(`^policy\\.${field}[:.]`) as unknown,
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
  expect(mayCall(makePolicy({ callers }), caller, 'run')).toBe(expected)
})

test('a method has its own callers in place of those of its process', () => {
  const closed = makePolicy({ callers: 'browser', methods: { value: { callers: 'anyone' } } })
  expect([mayCall(closed, OTHER, 'value'), mayCall(closed, OTHER, 'increment')]).toEqual([true, false])
  const open = makePolicy({ methods: { increment: { callers: [SELF] } } })
  expect([mayCall(open, OTHER, 'value'), mayCall(open, OTHER, 'increment')]).toEqual([true, false])
  expect([mayCall(open, SELF, 'increment'), mayCall(open, PID, 'increment')]).toEqual([true, true])
  // Properties that every object has are no methods.
  expect(mayCall(makePolicy({ callers: 'browser' }), OTHER, 'constructor')).toBe(false)
})

test('an origin has one form, so that each way to write it is one entry', () => {
  const given = [
    'https://EXAMPLE.org:443',
    'https://example.org/',
    'http://2130706433:8080',
    'http://0x7f.1',
    'https://bücher.example',
  ]
  expect(makePolicy({ http: given }).http).toEqual([
    'https://example.org',
    'http://127.0.0.1:8080',
    'http://127.0.0.1',
    'https://xn--bcher-kva.example',
  ])
})
