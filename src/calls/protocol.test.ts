import { describe, expect, test } from 'vitest'
import { newLifeLock, readFromCaller, readFromTab, readToService, readToTab } from './protocol.ts'

const bytes = Uint8Array.of(1, 2)
const lock = newLifeLock()
const call = {
  type: 'glia:call',
  callerLock: lock,
  deadline: 1,
  clientId: 'page',
  method: 'POST',
  path: '/ww/0.1.0/self/root/echo',
  headers: [['content-type', 'text/plain']],
  first: bytes,
  complete: false,
}
const context = { chain: ['peer/process'], onBehalfOf: [], deadlineMs: 5, client: 'one', trace: 'abc' }
const head = { type: 'head', status: 200, headers: [['a', 'b']], body: null, complete: true }

/** Each message with one field missing. */
function without(message: object): object[] {
  return Object.keys(message).map((key) => ({ ...message, [key]: undefined }))
}

const GARBAGE: unknown[] = [undefined, null, 7, 'end', [], {}, { type: 'unknown' }, { type: 7 }]

const rows = (values: readonly unknown[]): [unknown][] => values.map((value) => [value])

describe('a caller’s message to a tab', () => {
  test.each([{ type: 'data', bytes }, { type: 'end' }, { type: 'cancel' }, { type: 'credit', bytes: 1 }])(
    '%o is read, without what does not belong to it',
    (message) => {
      expect(readFromCaller({ ...message, extra: 1 })).toEqual(message)
    },
  )

  test.each(rows([...GARBAGE, { type: 'data', bytes: 'ab' }, { type: 'data', bytes: 2 }, { type: 'credit', bytes }]))(
    '%o is refused',
    (value) => {
      expect(() => readFromCaller(value)).toThrow(TypeError)
    },
  )
})

describe('a tab’s message to a caller', () => {
  test.each([
    { type: 'ack', lock, answersPings: true },
    { type: 'ack', lock, answersPings: false },
    { type: 'pong' },
    head,
    { ...head, body: bytes, complete: false },
    { type: 'data', bytes },
    { type: 'end' },
    { type: 'error', code: 'ERR_RESET', message: 'it broke off' },
    { type: 'credit', bytes: 1 },
    { type: 'no-tab' },
  ])('%o is read, without what does not belong to it', (message) => {
    expect(readFromTab({ ...message, extra: 1 })).toEqual(message)
  })

  test.each(
    rows([
      ...GARBAGE,
      { type: 'ack', lock: 'some other lock' },
      { type: 'ack' },
      { type: 'error', code: 'ERR_RESET', message: 7 },
      { type: 'error', code: 'ERR_NEW', message: 'from the future' },
      { ...head, status: '200' },
      { ...head, headers: [['a']] },
      { ...head, headers: { a: 'b' } },
      { ...head, body: 'text' },
      { ...head, body: undefined },
    ]),
  )('%o is refused', (value) => {
    expect(() => readFromTab(value)).toThrow(TypeError)
  })
})

describe('the service worker’s messages to a tab', () => {
  test('are read', () => {
    expect(readToTab({ type: 'glia:who' })).toEqual({ type: 'glia:who' })
    expect(readToTab({ type: 'glia:welcome' })).toEqual({ type: 'glia:welcome' })
    expect(readToTab({ type: 'glia:welcome', clientId: 'page' })).toEqual({ type: 'glia:welcome', clientId: 'page' })
    expect(readToTab({ ...call, extra: 1 })).toEqual(call)
    expect(readToTab({ ...call, first: null })).toEqual({ ...call, first: null })
    expect(readToTab({ ...call, bodyBytes: 9 })).toEqual({ ...call, bodyBytes: 9 })
    for (const bodyBytes of [-1, 0.5, '9', null, Infinity]) expect(readToTab({ ...call, bodyBytes })).toEqual(call)
    expect(readToTab({ ...call, context: { ...context, extra: 1 } })).toEqual({ ...call, context })
  })

  test.each(
    rows([
      ...GARBAGE,
      ...without(call),
      { ...call, callerLock: 'x' },
      { ...call, headers: [[1, 2]] },
      { ...call, context: {} },
      { ...call, context: { chain: [1] } },
      { ...call, context: { chain: [], trace: 'x'.repeat(129) } },
      { ...call, context: { chain: Array.from({ length: 65 }, () => 'a/b') } },
      { ...call, context: { ...context, deadlineMs: '1' } },
    ]),
  )('%o is someone else’s', (value) => {
    expect(readToTab(value)).toBeUndefined()
  })
})

describe('a tab’s messages to the service worker', () => {
  const hello = { type: 'glia:hello', peer: '12D3Koo', slot: 0, lock }
  const pass = { type: 'glia:pass', peer: '12D3Koo', call }

  test.each([hello, pass, { type: 'glia:claim' }])('%o is read', (message) => {
    expect(readToService({ ...message, extra: 1 })).toEqual(message)
  })

  test.each(rows([...GARBAGE, ...without(hello), ...without(pass), { ...pass, call: { ...call, path: 7 } }, call]))(
    '%o is someone else’s',
    (value) => {
      expect(readToService(value)).toBeUndefined()
    },
  )
})

test('each life has a lock of its own', () => {
  expect(newLifeLock()).not.toBe(newLifeLock())
})
