import { expect, test } from 'vitest'
import type { Address } from '../../glia/address.ts'
import { instancePid } from '../../glia/instance-key.ts'
import { newPid } from '../../glia/pid.ts'
import { streamPair } from '../../glia/stream/stream-pair.ts'
import { GliaError } from '../../glia/errors.ts'
import { BLOCK_CALLS } from '../../glia/trace/call-block.ts'
import { CallTrace, MAX_TRACED } from '../../glia/trace/call-trace.ts'
import type { Note } from '../../glia/trace/note.ts'
import { CallRows } from './call-rows.ts'
import { peerNames } from '../kit/peer-names.ts'
import { ALL_CALLS, filtered } from './filter.ts'

const SELF = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const OTHER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'
const PID = newPid()

function begin(trace: CallTrace, given: Partial<Address> & { caller?: string; way?: Note['way'] } = {}): Note {
  const { caller = 'browser', way = 'in', ...address } = given
  const [, stream] = streamPair({ host: SELF, proc: PID, method: 'run', ...address }, { caller })
  return trace.begin(stream, way)
}

function add(trace: CallTrace, calls: number): void {
  for (let i = 0; i < calls; i++) trace.end(begin(trace))
}

test('rows are the newest first, calls under way among them in their place', () => {
  const trace = new CallTrace()
  const rows = new CallRows()
  trace.end(begin(trace))
  const pending = begin(trace)
  trace.end(begin(trace))
  expect(rows.list(trace).map(({ status }) => status)).toEqual(['ok', 'pending', 'ok'])
  trace.end(pending)
  add(trace, 2)
  const ids = rows.list(trace).map(({ id }) => id)
  expect(ids).toEqual([5, 4, 3, 2, 1].map((i) => trace.firstId + i))
})

test('each call is a row once, over many blocks, and the last 10,000 are kept', () => {
  const trace = new CallTrace()
  const rows = new CallRows()
  for (let i = 0; i < 50; i++) {
    add(trace, BLOCK_CALLS - 5)
    rows.list(trace)
  }
  const ids = rows.list(trace).map(({ id }) => id)
  expect(ids).toHaveLength(MAX_TRACED)
  expect(new Set(ids).size).toBe(MAX_TRACED)
  expect(ids[0]).toBe(trace.firstId + 50 * (BLOCK_CALLS - 5))
})

test('calls of an earlier page stand behind those of this one, and a cleared record is empty', () => {
  const [earlier, trace] = [new CallTrace(), new CallTrace()]
  const rows = new CallRows()
  add(earlier, 3)
  // As a database gives them back.
  const blocks = structuredClone(
    earlier.blocks.map(({ numbers, texts, more, size, traces }) => ({ numbers, texts, more, size, traces })),
  )
  const before = earlier.blocks[0]?.numbers[0] ?? 0
  for (const { numbers } of blocks) numbers[0] = before - 1_000_000
  rows.addEarlier(blocks)
  add(trace, 1)
  expect(rows.list(trace)).toHaveLength(4)
  expect(rows.list(trace).at(-1)?.id).toBe(before - 1_000_000)
  rows.clear()
  trace.clear()
  expect(rows.list(trace)).toEqual([])
  add(trace, 2)
  expect(rows.list(trace)).toHaveLength(2)
})

test('who takes part is told once each, and goes with its last call', () => {
  const trace = new CallTrace()
  const rows = new CallRows()
  const other = newPid()
  add(trace, 3)
  trace.end(begin(trace, { proc: other, caller: OTHER }))
  const running = begin(trace, { host: OTHER, proc: newPid(), caller: PID, way: 'out' })
  rows.list(trace)
  const { parties } = rows
  expect(new Set(parties.pids)).toEqual(new Set([PID, other]))
  expect(new Set(parties.peers)).toEqual(new Set([SELF, OTHER]))
  expect(parties.pids.length + parties.peers.length).toBe(4)
  // More calls of the same change nothing.
  add(trace, 5)
  trace.end(running)
  rows.list(trace)
  expect(rows.parties).toBe(parties)
  for (let i = 0; i < MAX_TRACED; i += BLOCK_CALLS) {
    add(trace, BLOCK_CALLS)
    rows.list(trace)
  }
  add(trace, BLOCK_CALLS)
  rows.list(trace)
  expect(rows.parties).toEqual({ pids: [PID], peers: [SELF] })
  rows.clear()
  trace.clear()
  rows.list(trace)
  expect(rows.parties).toEqual({ pids: [], peers: [] })
})

test('a call that ended is looked at once, however often the calls are listed', () => {
  const trace = new CallTrace()
  const rows = new CallRows()
  add(trace, 100)
  let looks = 0
  const nameOf = (): undefined => {
    looks += 1
    return undefined
  }
  const known = new WeakMap()
  const filter = { ...ALL_CALLS, search: 'run' }
  expect(filtered(rows.list(trace), filter, nameOf, known)).toHaveLength(100)
  const before = looks
  add(trace, 1)
  expect(filtered(rows.list(trace), filter, nameOf, known)).toHaveLength(101)
  expect(looks - before).toBe(before / 100)
})

test('a process stands for its instances of keys, and an instance for itself', () => {
  const trace = new CallTrace()
  const [alice, bob] = [instancePid(PID, 'alice'), instancePid(PID, 'bob')]
  trace.end(begin(trace, { proc: alice, method: 'note' }))
  trace.end(begin(trace, { host: OTHER, proc: newPid(), method: 'told', caller: bob, way: 'out' }))
  trace.end(begin(trace, { proc: newPid() }))
  const calls = new CallRows().list(trace)
  const chosen = (process: string): string[] =>
    filtered(calls, { ...ALL_CALLS, process }, () => undefined).map(({ method }) => method)
  expect(chosen(PID)).toEqual(['told', 'note'])
  expect(chosen(alice)).toEqual(['note'])
})

test('calls are chosen by way, process, peer, status and words', () => {
  const trace = new CallTrace()
  const other = newPid()
  trace.end(begin(trace))
  trace.end(
    begin(trace, { proc: other, method: 'sum', caller: OTHER }),
    new GliaError('ERR_FAILED', 'It is too large.'),
  )
  trace.end(begin(trace, { host: OTHER, proc: newPid(), caller: PID, way: 'out' }))
  begin(trace, { method: 'slow' })
  const calls = new CallRows().list(trace)
  const chosen = (filter: Partial<typeof ALL_CALLS>): string[] =>
    filtered(calls, { ...ALL_CALLS, ...filter }, (pid) => (pid === other ? 'Adder' : undefined)).map(
      ({ method, way }) => `${way} ${method}`,
    )
  expect(chosen({})).toHaveLength(4)
  expect(chosen({ way: 'out' })).toEqual(['out run'])
  expect(chosen({ process: PID })).toEqual(['in slow', 'out run', 'in run'])
  expect(chosen({ peer: OTHER })).toEqual(['out run', 'in sum'])
  expect(chosen({ status: 'failed' })).toEqual(['in sum'])
  expect(chosen({ status: 'pending' })).toEqual(['in slow'])
  expect(chosen({ status: 'ok', way: 'in' })).toEqual(['in run'])
  expect(chosen({ search: 'adder LARGE' })).toEqual(['in sum'])
  expect(chosen({ search: 'ERR_FAILED run' })).toEqual([])
  // What a row shows.
  expect(chosen({ search: 'waiting' })).toEqual(['in slow'])
  expect(chosen({ search: 'page' })).toEqual(['in slow', 'in run'])
  expect(chosen({ search: 'out' })).toEqual(['out run'])
  peerNames.value = { given: { [OTHER]: 'Grace' }, announced: new Map() }
  expect(chosen({ search: 'grace' })).toEqual(['out run', 'in sum'])
})
