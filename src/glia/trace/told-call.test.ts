import { describe, expect, test } from 'vitest'
import { chainNameOf } from '../chain-name.ts'
import { newPid } from '../pid.ts'
import { makePolicy } from '../process/policy.ts'
import { streamPair } from '../stream/stream-pair.ts'
import { OTHER, SELF } from '../test-peer.ts'
import { CallTrace } from './call-trace.ts'
import { type Answer, chainOf, MAX_ASKED, MAX_SHOWN, peersToAsk, shownChain } from './chain.ts'
import type { TracedCall } from './read-calls.ts'
import { MAX_ANSWER, MAX_TOLD } from './limits.ts'
import { readToldTrace, type ToldCall, toldTrace } from './told-call.ts'

const THIRD = '12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD'
const PID = newPid()

function call(given: Partial<TracedCall> = {}): TracedCall {
  return {
    id: 1,
    at: Date.now() - 1000,
    way: 'in',
    caller: OTHER,
    chain: [],
    onBehalfOf: [],
    host: SELF,
    pid: PID,
    method: 'run',
    trace: '',
    status: 'ok',
    exitCode: undefined,
    bytesIn: 3,
    bytesOut: 4,
    parts: { network: 1, queue: 2, run: 3 },
    ms: 6,
    failure: undefined,
    stderr: 'secret words',
    request: new Uint8Array([1]),
    reply: undefined,
    ...given,
  }
}

function told(asker: string, calls: readonly TracedCall[], policy: Parameters<typeof makePolicy>[0] = {}) {
  return toldTrace({ self: SELF, asker, calls, pending: [], policyOf: () => makePolicy(policy) })
}

test('a peer is told of calls in which it took part, and of no others', () => {
  const out = call({ way: 'out', caller: PID, host: THIRD, pid: newPid() })
  const forOther = { ...out, onBehalfOf: [OTHER] }
  const ofPage = call({ caller: 'browser' })
  expect(told(OTHER, [call(), out, forOther, ofPage]).calls).toHaveLength(2)
  expect(told(THIRD, [call(), out, forOther, ofPage]).calls).toHaveLength(2)
  expect(told(THIRD, [call(), ofPage]).calls).toEqual([])
})

test('the policy of the process may show its calls to others', () => {
  const calls = [call({ caller: 'browser' })]
  expect(told(THIRD, calls, { traceTo: [THIRD] }).calls).toHaveLength(1)
  expect(told(OTHER, calls, { traceTo: [THIRD] }).calls).toEqual([])
  expect(told(OTHER, calls, { traceTo: 'anyone' }).calls).toHaveLength(1)
})

test('nothing of what is told is an address, or what was said', () => {
  const failure = { code: 'ERR_FAILED' as const, message: `secret words of ${PID}` }
  const sent = JSON.stringify(
    told(OTHER, [call({ failure, status: 'ERR_FAILED' }), call({ caller: PID, host: OTHER })]),
  )
  expect(sent).toContain(chainNameOf(SELF, PID))
  expect(sent).not.toContain(PID)
  expect(sent).not.toContain('secret')
})

test('an answer is bounded', () => {
  const long = call({ method: 'm'.repeat(256) })
  const answer = told(
    OTHER,
    Array.from({ length: 1000 }, (_, id) => ({ ...long, id })),
  )
  expect(answer.calls.length).toBeLessThanOrEqual(MAX_TOLD)
  expect(JSON.stringify(answer).length).toBeLessThanOrEqual(MAX_ANSWER)
})

describe('waits', () => {
  const [callee, stranger] = [newPid(), newPid()]
  const from = chainNameOf(SELF, PID)
  const wait = (host: string) => ({ from, to: chainNameOf(host, callee) })

  /** What the other peer is told of waits while the process that it has called calls another one. */
  function waitsWith(begin: (trace: CallTrace) => void, given: Partial<TracedCall> = {}, policy = makePolicy({})) {
    const trace = new CallTrace()
    begin(trace)
    const calls = [call({ status: 'pending', ...given })]
    return toldTrace({ self: SELF, asker: OTHER, calls, pending: trace.pending, policyOf: () => policy }).waits
  }

  function callOf(trace: CallTrace, host: string, { caller = PID, onBehalfOf = [] as string[] } = {}): void {
    const context = { chain: [], onBehalfOf, deadlineAt: undefined }
    const [, stream] = streamPair({ host, proc: callee, method: 'run' }, { caller, context })
    trace.begin(stream, host === SELF ? 'in' : 'out')
  }

  test('are told of processes only for which a told call waits', () => {
    expect(waitsWith((trace) => callOf(trace, OTHER))).toEqual([wait(OTHER)])
    expect(waitsWith((trace) => callOf(trace, OTHER, { caller: stranger }))).toEqual([])
    expect(waitsWith((trace) => callOf(trace, OTHER), { status: 'ok' })).toEqual([])
  })

  test('are not told of calls between others', () => {
    expect(waitsWith((trace) => callOf(trace, THIRD))).toEqual([])
    expect(waitsWith((trace) => callOf(trace, THIRD, { onBehalfOf: [THIRD] }))).toEqual([])
    expect(waitsWith((trace) => callOf(trace, THIRD, { onBehalfOf: [OTHER] }))).toEqual([wait(THIRD)])
    expect(waitsWith((trace) => callOf(trace, SELF))).toEqual([wait(SELF)])
  })

  test('are told of calls between others that the policy shows', () => {
    const policy = makePolicy({ traceTo: [OTHER] })
    expect(waitsWith((trace) => callOf(trace, THIRD), {}, policy)).toEqual([wait(THIRD)])
  })
})

test('what was told can be read, and wrong entries are left out', () => {
  const answer = told(OTHER, [call()])
  expect(readToldTrace(JSON.stringify(answer))).toEqual(answer)
  const [good] = answer.calls
  for (const wrong of [
    { ...good, way: 'up' },
    { ...good, status: 'fine' },
    { ...good, ms: -1 },
    { ...good, ms: '1' },
    { ...good, from: 'x'.repeat(300) },
    { ...good, to: '' },
    { ...good, bytesIn: 0.5 },
    { ...good, agoMs: null },
    7,
    null,
  ]) {
    expect(readToldTrace(JSON.stringify({ calls: [wrong, good], waits: [wrong] }))).toEqual({
      calls: [good],
      waits:
        typeof wrong === 'object' && wrong !== null && wrong.to !== '' && wrong.from !== 'x'.repeat(300)
          ? [{ from: good?.from, to: good?.to }]
          : [],
    })
  }
  for (const nothing of ['[]', 'null', '{"calls":{},"waits":7}']) {
    expect(readToldTrace(nothing)).toEqual({ calls: [], waits: [] })
  }
  expect(() => readToldTrace('{')).toThrow(SyntaxError)
})

/** A call as the peer at one of its ends tells of it. */
function toldCall(given: Partial<ToldCall>): ToldCall {
  return {
    way: 'in',
    from: SELF,
    to: chainNameOf(OTHER, PID),
    method: 'run',
    status: 'ok',
    agoMs: 900,
    networkMs: 1,
    queueMs: 20,
    ms: 61,
    bytesIn: 3,
    bytesOut: 4,
    ...given,
  }
}

test('the two ends of a call are one call, and its time is divided', () => {
  const own = call({ way: 'out', caller: 'browser', host: OTHER, ms: 100, parts: { network: 5, queue: 0, run: 95 } })
  const answers: Answer[] = [{ peer: OTHER, told: { calls: [toldCall({})], waits: [] }, at: Date.now() }]
  expect(chainOf(SELF, [own], answers)).toMatchObject([
    { from: SELF, ms: 100, network: 40, queue: 20, run: 40, own, by: undefined, depth: 0 },
  ])
})

test('calls stand behind the call for which they were made, and name the peers to ask', () => {
  const [inOther, inThird] = [chainNameOf(OTHER, PID), chainNameOf(THIRD, PID)]
  const own = call({ way: 'out', caller: 'browser', host: OTHER })
  const first = chainOf(SELF, [own], [])
  expect(peersToAsk(first, SELF, new Set())).toEqual([OTHER])
  const further = toldCall({ way: 'out', from: inOther, to: inThird, agoMs: 800 })
  const answers: Answer[] = [{ peer: OTHER, told: { calls: [toldCall({}), further], waits: [] }, at: Date.now() }]
  const chain = chainOf(SELF, [own], answers)
  expect(chain.map(({ from, to, depth, by }) => [from, to, depth, by])).toEqual([
    [SELF, inOther, 0, undefined],
    [inOther, inThird, 1, OTHER],
  ])
  expect(peersToAsk(chain, SELF, new Set([OTHER]))).toEqual([THIRD])
  expect(peersToAsk(chain, SELF, new Set(Array.from({ length: MAX_ASKED }, (_, i) => `peer ${i}`)))).toEqual([])
})

test('of a trace with thousands of calls the first ones are shown, and the current one', () => {
  const at = Date.now()
  const own = Array.from({ length: 10_000 }, (_, id) => call({ id, at: at + id, ms: id === 7 ? 90 : 6 }))
  const ids = (current: number) => shownChain(SELF, own, [], current).calls.map((each) => each.own?.id)
  const first = Array.from({ length: MAX_SHOWN }, (_, id) => id)
  expect(shownChain(SELF, own, [], 3)).toMatchObject({ others: 10_000 - MAX_SHOWN, longestMs: 90 })
  expect(ids(3)).toEqual(first)
  expect(ids(9000)).toEqual([...first.slice(0, -1), 9000])
  const calls = Array.from({ length: MAX_TOLD }, () => toldCall({ from: `${SELF}/x` }))
  const answers = [OTHER, THIRD].map((peer) => ({ peer, told: { calls, waits: [] }, at }))
  const both = shownChain(SELF, own, answers, 9000)
  expect(both.calls).toHaveLength(MAX_SHOWN)
  expect(both.calls.filter((each) => each.own?.id === 9000)).toHaveLength(1)
  expect(both.others).toBe(10_000 + MAX_TOLD - MAX_SHOWN)
  expect(shownChain(SELF, own.slice(0, 3), [], 1)).toMatchObject({ others: 0, longestMs: 6 })
})

test('a peer is not believed about calls of others', () => {
  const made = toldCall({ from: THIRD, to: chainNameOf(THIRD, PID) })
  const through = toldCall({ way: 'through', from: SELF, to: chainNameOf(THIRD, PID) })
  expect(chainOf(SELF, [], [{ peer: OTHER, told: { calls: [made, through], waits: [] }, at: 0 }])).toEqual([])
})
