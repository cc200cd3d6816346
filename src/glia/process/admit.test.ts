import { describe, expect, test } from 'vitest'
import { isServed } from './admit.ts'
import { makePolicy } from './policy.ts'
import { addressOf, echo, makePeer, makeProc, OTHER, SELF, send, text, type TestProcInit } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

const THIRD = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

/** How a call ends: the reply, or the code of the error. */
async function outcome(init: TestProcInit, call: { caller: string; method?: string; onBehalfOf?: readonly string[] }) {
  const { caller, method, onBehalfOf = [] } = call
  const { proc } = makeProc(() => echo, init)
  const context = { chain: [], onBehalfOf, deadlineAt: undefined }
  const stream = makePeer([proc]).router.open(addressOf(proc, method), { caller, context })
  void send(stream, 'hello').catch(() => undefined)
  return readAll(stream).then(text, ({ code, message }: { code: string; message: string }) => ({ code, message }))
}

describe('a call that is made for others', () => {
  const policy = { callers: [OTHER] }

  test('is taken if its caller and each of them is allowed', async () => {
    expect(await outcome({ policy }, { caller: OTHER, onBehalfOf: [OTHER] })).toBe('hello')
    expect(await outcome({}, { caller: OTHER, onBehalfOf: [THIRD] })).toBe('hello')
  })

  test('has the rights of the weakest of them', async () => {
    const denied = await outcome({ policy }, { caller: OTHER, onBehalfOf: [THIRD] })
    expect(denied).toMatchObject({ code: 'ERR_DENIED', message: expect.stringContaining(THIRD) as unknown })
    expect(await outcome({ policy }, { caller: 'browser', onBehalfOf: [THIRD] })).toMatchObject({ code: 'ERR_DENIED' })
  })

  test('is no call of a friend because a stranger says so', async () => {
    expect(await outcome({ policy }, { caller: THIRD, onBehalfOf: [OTHER] })).toMatchObject({ code: 'ERR_DENIED' })
  })

  test('is taken if it was this peer that asked for it', async () => {
    expect(await outcome({ policy }, { caller: OTHER, onBehalfOf: [SELF] })).toBe('hello')
  })
})

describe('an error tells a caller nothing of what it may not call', () => {
  const init: TestProcInit = {
    methods: ['value', 'increment'],
    policy: { methods: { increment: { callers: 'browser' } } },
  }

  test('methods that are closed to it are not listed', async () => {
    expect(await outcome(init, { caller: OTHER, method: 'add' })).toEqual({
      code: 'ERR_NO_METHOD',
      message: 'tested has no method “add”. It has: value.',
    })
    expect(await outcome(init, { caller: 'browser', method: 'add' })).toMatchObject({
      message: 'tested has no method “add”. It has: value, increment.',
    })
    // A process of this browser makes the call for the other peer that called it.
    expect(await outcome(init, { caller: 'browser', method: 'add', onBehalfOf: [OTHER] })).toMatchObject({
      message: 'tested has no method “add”. It has: value.',
    })
  })

  test('who may not call the process is told the same for every method', async () => {
    const closed: TestProcInit = { ...init, policy: { callers: 'browser' } }
    const [there, absent] = await Promise.all([
      outcome(closed, { caller: OTHER, method: 'value' }),
      outcome(closed, { caller: OTHER, method: 'add' }),
    ])
    expect(there).toMatchObject({ code: 'ERR_DENIED' })
    expect(absent).toEqual(there)
  })

  test('the negotiation of the raw dialect does not either', () => {
    const methods = ['value', 'increment']
    const served = (policy: object): boolean[] =>
      ['value', 'increment', 'add'].map((method) => isServed({ policy: makePolicy({ ...policy }), methods }, method))
    expect(served({})).toEqual([true, true, false])
    expect(served({ callers: 'browser' })).toEqual([false, false, false])
    expect(served({ callers: [] })).toEqual([false, false, false])
    expect(served({ callers: [THIRD] })).toEqual([true, true, true])
    expect(served({ callers: 'browser', methods: { value: { callers: 'anyone' } } })).toEqual([true, false, false])
    expect(isServed(undefined, 'value')).toBe(false)
  })
})
