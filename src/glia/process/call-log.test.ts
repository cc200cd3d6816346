import { describe, expect, test } from 'vitest'
import { readContextMessage } from '../call-context.ts'
import { type CallRecord, MAX_CALLS_KEPT, MAX_REFUSALS_KEPT, MAX_REFUSALS_PER_CALLER } from './call-log.ts'
import { GliaError } from '../errors.ts'
import { chainNameOf } from '../chain-name.ts'
import { newPid } from '../pid.ts'
import { addressOf, bytes, echo, makePeer, makeProc, OTHER, send, type TestProcInit } from '../test-peer.ts'
import type { StreamInit } from '../stream/stream-pair.ts'
import { readAll } from '../stream/web-streams.ts'

const THIRD = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

/** A process, and calls to it that have ended in different ways. */
function called(run = echo, init: TestProcInit = {}) {
  const { proc } = makeProc(() => run, init)
  const { router } = makePeer([proc])
  const call = async (given: Partial<StreamInit> & { method?: string } = {}, message = 'hello'): Promise<void> => {
    const { method, ...stream } = given
    const opened = router.open(addressOf(proc, method), { caller: 'browser', ...stream })
    void send(opened, message).catch(() => undefined)
    await readAll(opened).catch(() => undefined)
  }
  return { proc, call }
}

describe('a call is recorded', () => {
  test('with its method, how it ended, the bytes both ways and its time', async () => {
    const { proc, call } = called(async ({ read, write }) => {
      await read()
      await write(bytes('hi'))
    })
    const before = Date.now()
    await call()
    const [record] = proc.calls.list()
    expect(record).toMatchObject({ method: 'run', result: 'ok', bytesIn: 5, bytesOut: 2, times: 1, from: 'page' })
    expect(record?.at).toBeGreaterThanOrEqual(before)
    expect(record?.ms).toBeGreaterThanOrEqual(0)
  })

  test('with the code of its error, also if it was not let in', async () => {
    const failing = async (): Promise<void> => {
      throw new GliaError('ERR_FAILED', 'run returned 7.')
    }
    const { proc, call } = called(failing, { policy: { callers: 'browser' } })
    await call()
    await call({ caller: OTHER })
    await call({ method: 'walk' })
    expect(proc.calls.list().map(({ method, from, result }) => [method, from, result])).toEqual([
      ['walk', 'page', 'ERR_NO_METHOD'],
      ['run', 'peer', 'ERR_DENIED'],
      ['run', 'page', 'ERR_FAILED'],
    ])
  })

  test('from when it came, without a result until it ends', async () => {
    const end = Promise.withResolvers<void>()
    const { proc, call } = called(() => end.promise)
    const first = call()
    const second = call()
    expect(proc.calls.list()).toMatchObject([{ result: undefined, ms: undefined }, { result: undefined }])
    end.resolve()
    await Promise.all([first, second])
    expect(proc.calls.list()).toMatchObject([{ result: 'ok' }, { result: 'ok' }])
  })
})

describe('who called is', () => {
  const who = async (given: Partial<StreamInit>) => {
    const { proc, call } = called()
    await call(given)
    const [{ from, peer, process, onBehalfOf } = {}] = proc.calls.list()
    return { from, peer, process, onBehalfOf }
  }
  const waiting = (chain: string[], onBehalfOf: string[] = []) => ({ chain, onBehalfOf, deadlineAt: undefined })
  const nobody = { peer: undefined, process: undefined, onBehalfOf: [] }

  test('a page, or a process of this tab by its PID', async () => {
    expect(await who({ caller: 'browser' })).toEqual({ ...nobody, from: 'page' })
    const pid = newPid()
    expect(await who({ caller: pid })).toEqual({ ...nobody, from: 'process', process: pid })
  })

  test('a process of another tab, or of another peer, by a name that is no PID', async () => {
    const pid = newPid()
    const link = chainNameOf(OTHER, pid)
    const name = link.slice(OTHER.length + 1)
    expect(name).not.toContain(pid)
    const of = { peer: OTHER, process: name, onBehalfOf: [] }
    expect(await who({ caller: 'browser', context: waiting([link]) })).toEqual({ ...of, from: 'process' })
    expect(await who({ caller: OTHER, context: waiting(['first/one', link]) })).toEqual({ ...of, from: 'peer' })
    expect(await who({ caller: OTHER })).toEqual({ ...nobody, from: 'peer', peer: OTHER })
  })

  test('not what a peer says of the processes of others', async () => {
    const context = waiting([chainNameOf(THIRD, newPid())])
    expect(await who({ caller: OTHER, context })).toEqual({ ...nobody, from: 'peer', peer: OTHER })
  })

  test('also for whom it is called', async () => {
    expect((await who({ caller: OTHER, context: waiting([], [THIRD]) })).onBehalfOf).toEqual([THIRD])
  })
})

describe('the last thousand calls that were handled are kept', () => {
  /** How often each record came, by what the caller did. */
  const times = (kept: readonly CallRecord[]) => kept.map(({ method, result, times: n }) => [method, result, n])

  test('and of refused ones, equal ones are one record, in whichever order they come', async () => {
    const { proc, call } = called(echo, { policy: { callers: 'browser' } })
    await call()
    for (let i = 0; i < 20; i++) {
      await call({ caller: OTHER, method: 'run' })
      await call({ caller: OTHER, method: 'walk' })
    }
    await call({ caller: THIRD })
    await call({ caller: OTHER, method: 'run' })
    expect(times(proc.calls.list())).toEqual([
      ['run', 'ERR_DENIED', 21],
      ['run', 'ERR_DENIED', 1],
      ['walk', 'ERR_DENIED', 20],
      ['run', 'ok', 1],
    ])
    expect(proc.calls.list()[0]).toMatchObject({ peer: OTHER })
  })

  test('however many others are refused, whatever these call', async () => {
    const { proc, call } = called(echo, { policy: { callers: [THIRD] } })
    await call({ caller: THIRD })
    await call({ caller: OTHER })
    for (let i = 0; i < 3 * MAX_CALLS_KEPT; i++) await call({ caller: THIRD, method: `walk${i}` })
    const kept = proc.calls.list()
    expect(kept).toHaveLength(MAX_REFUSALS_PER_CALLER + 2)
    expect(times(kept.slice(-2))).toEqual([
      ['run', 'ERR_DENIED', 1],
      ['run', 'ok', 1],
    ])
    for (let i = 0; i < 2 * MAX_REFUSALS_KEPT; i++) await call({ caller: `stranger ${i}` })
    expect(proc.calls.list()).toHaveLength(MAX_REFUSALS_KEPT + 1)
    expect(proc.calls.list().at(-1)).toMatchObject({ result: 'ok' })
  })

  test('also if others find the mailbox full, or give up while they wait', async () => {
    const end = Promise.withResolvers<void>()
    const { proc, call } = called(() => end.promise, { policy: { mailbox: 1 } })
    const calls = [call(), call({ caller: OTHER })]
    await expect.poll(() => proc.waiting).toBe(1)
    for (let i = 0; i < 50; i++) await call({ caller: THIRD })
    expect(times(proc.calls.list())).toEqual([
      ['run', 'ERR_MAILBOX_FULL', 50],
      ['run', undefined, 1],
      ['run', undefined, 1],
    ])
    end.resolve()
    await Promise.all(calls)
    expect(times(proc.calls.list())).toEqual([
      ['run', 'ERR_MAILBOX_FULL', 50],
      ['run', 'ok', 1],
      ['run', 'ok', 1],
    ])
  })

  test('and the oldest is forgotten for the next one', async () => {
    const { proc, call } = called()
    await call()
    for (let i = 0; i < MAX_CALLS_KEPT; i++) await call({}, String(i))
    const kept = proc.calls.list()
    expect(kept).toHaveLength(MAX_CALLS_KEPT)
    expect([kept[0]?.bytesIn, kept.at(-1)?.bytesIn]).toEqual([3, 1])
    await call({}, '')
    expect(proc.calls.list()).toHaveLength(MAX_CALLS_KEPT)
    expect(proc.calls.list()[0]?.bytesIn).toBe(0)
  })
})

test('what a peer says of itself is kept as far as it is short', async () => {
  const { proc, call } = called()
  const peers = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? OTHER : THIRD))
  const context = { chain: [`${OTHER}/${'x'.repeat(10_000)}`], onBehalfOf: peers, deadlineAt: undefined }
  await call({ caller: OTHER, context })
  const [record] = proc.calls.list()
  expect(record?.process).toHaveLength(64)
  expect(record?.onBehalfOf).toEqual(peers.slice(-8))
  expect(readContextMessage({ chain: [`${OTHER}/${'x'.repeat(100)}`] })).toBeUndefined()
  expect(readContextMessage({ chain: [chainNameOf(OTHER, newPid())] })).toBeDefined()
})
