import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import type { Pid } from '../../glia/pid.ts'
import { streamPair } from '../../glia/stream/stream-pair.ts'
import { CallTrace } from '../../glia/trace/call-trace.ts'
import type { Note } from '../../glia/trace/note.ts'
import { CallPaths } from './call-path.ts'
import { CallWatch, type SeenCall } from './call-watch.ts'
import { graphOf } from './graph-data.ts'
import { placeOf, Pulses } from './pulses.ts'
import { far, FAR, input, near, NEAR, process, relay, RELAY, SELF } from './test-mesh.ts'

function begin(trace: CallTrace, { host = SELF, way = 'in' }: { host?: string; way?: Note['way'] } = {}): Note {
  const [, stream] = streamPair({ host, proc: 'x' as Pid, method: 'run' }, { caller: 'browser' })
  return trace.begin(stream, way)
}

const seen = (calls: readonly SeenCall[]) => calls.map((call) => [call.seen, call.failed])

test('a call is seen when it begins and when it ends, or once if it was short', () => {
  const trace = new CallTrace()
  trace.end(begin(trace))
  const watch = new CallWatch(trace)
  expect(watch.look()).toEqual([])
  const long = begin(trace)
  trace.end(begin(trace), new GliaError('ERR_TRAPPED', 'It trapped.'))
  expect(seen(watch.look())).toEqual([
    ['whole', true],
    ['begun', false],
  ])
  expect(watch.look()).toEqual([])
  trace.end(long)
  expect(seen(watch.look())).toEqual([['ended', false]])
})

test('of very many calls some are seen, across blocks and after the record was cleared', () => {
  const trace = new CallTrace()
  const watch = new CallWatch(trace)
  for (let i = 0; i < 20_000; i++) trace.end(begin(trace))
  expect(watch.look().length).toBeLessThan(200)
  trace.clear()
  trace.end(begin(trace))
  expect(seen(watch.look())).toEqual([['whole', false]])
})

test('processes of peers that were called are counted, before the graph is opened too', () => {
  const trace = new CallTrace()
  trace.end(begin(trace, { host: NEAR, way: 'out' }))
  const watch = new CallWatch(trace)
  trace.end(begin(trace, { host: NEAR, way: 'out' }))
  trace.end(begin(trace))
  watch.look()
  expect([...watch.called.values()]).toEqual([{ host: NEAR, pid: 'x', calls: 2 }])
})

test('a call goes from its caller over relays to its process, and its end comes back', () => {
  const called = [{ host: FAR, pid: 'x', calls: 1 }]
  const graph = graphOf(input({ processes: [process('a')], peers: [relay, near, far], called }))
  const paths = new CallPaths(graph, SELF)
  const call = { way: 'in', caller: 'browser', host: SELF, pid: 'a', seen: 'begun', failed: false } as const
  expect(paths.of(call)).toEqual([SELF, 'a'])
  expect(paths.of({ ...call, seen: 'ended' })).toEqual(['a', SELF])
  expect(paths.of({ ...call, caller: NEAR })).toEqual([NEAR, SELF, 'a'])
  expect(paths.of({ ...call, caller: FAR })).toEqual([FAR, RELAY, SELF, 'a'])
  expect(paths.of({ ...call, way: 'out', caller: 'a', host: FAR, pid: 'x' })).toEqual([
    'a',
    SELF,
    RELAY,
    FAR,
    `${FAR}/x`,
  ])
  expect(paths.of({ ...call, caller: 'nobody', pid: 'gone' })).toEqual([SELF])
})

test('pulses run along their path, merge with equal ones, and are over when they have arrived', () => {
  const pulses = new Pulses()
  pulses.start(['a', 'b', 'c'], false, 1000)
  pulses.start(['a', 'b', 'c'], false, 1000)
  pulses.start(['a'], false, 1000)
  const [pulse, ...others] = pulses.at(1000)
  expect(others).toEqual([])
  expect(pulse).toMatchObject({ calls: 2 })
  expect(pulse && placeOf(pulse, 990)).toMatchObject({ from: 'a', to: 'b', done: 0 })
  expect(pulse && placeOf(pulse, 1480)).toMatchObject({ from: 'b', to: 'c', done: 0.5 })
  expect(pulses.at(1639)).toHaveLength(1)
  expect(pulses.at(1640)).toEqual([])
  expect(pulses.total).toBe(2)
})
