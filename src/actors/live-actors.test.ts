import { expect, test } from 'vitest'
import type { Proc } from '../glia/proc.ts'
import { counter, deliver, makeProc, TestActor, type TestProcInit } from '../glia/test-peer.ts'
import { readAll } from '../glia/web-streams.ts'
import { LiveActors, type Place } from './live-actors.ts'

/** A tab with room for two workers, and a way to make processes that need one each. */
function makeTab() {
  const procs: Proc[] = []
  const places = new Map<Proc, Place>()
  const live = new LiveActors(() => procs, 2)
  const add = (init: TestProcInit = {}): Proc => {
    const { proc } = makeProc(counter, {
      ...init,
      actor: (run) => {
        const place = live.take(proc)
        places.set(proc, place)
        return new TestActor(run, () => place.leave())
      },
    })
    procs.push(proc)
    return proc
  }
  return { live, add, places }
}

const states = (procs: readonly Proc[]): string[] => procs.map(({ state }) => state)

test('a start past the limit takes the place of the process that was idle for longest', async () => {
  const { add } = makeTab()
  const procs = [add(), add(), add()]
  for (const proc of procs) await proc.warmUp()
  expect(states(procs)).toEqual(['cold', 'idle', 'idle'])
  await procs[0]?.warmUp()
  expect(states(procs)).toEqual(['idle', 'cold', 'idle'])
})

test('what messages have left in memory is not given up: the start fails, and is told why', async () => {
  const { add } = makeTab()
  const [first, second, third] = [add(), add(), add()]
  await readAll(deliver(first).stream)
  await readAll(deliver(second).stream)
  await expect(deliver(third).done).rejects.toMatchObject({
    code: 'ERR_LIVE_LIMIT',
    status: 503,
    message: expect.stringContaining('kill one first') as unknown,
  })
  expect(third.state).toBe('cold')
  first.kill()
  expect((await readAll(deliver(third).stream)).length).toBe(1)
})

test('unless the policy of one allows it', async () => {
  const { add } = makeTab()
  const [first, second, third] = [add(), add({ policy: { evict: true } }), add()]
  for (const proc of [first, second, third]) await readAll(deliver(proc).stream)
  expect(states([first, second, third])).toEqual(['idle', 'cold', 'idle'])
})

test('many starts at once do not pass the limit together', async () => {
  const { add } = makeTab()
  const procs = Array.from({ length: 5 }, () => add())
  await Promise.allSettled(procs.map((proc) => deliver(proc).done))
  expect(states(procs).filter((state) => state === 'idle').length).toBe(2)
})

test('a worker that takes the place of its own may be one more', async () => {
  const { live, add } = makeTab()
  const [first, second] = [add(), add()]
  for (const proc of [first, second]) await readAll(deliver(proc).stream)
  const place = live.take(first)
  expect(() => live.take(second)).toThrow(expect.objectContaining({ code: 'ERR_LIVE_LIMIT' }))
  place.leave()
  place.leave()
  expect(() => live.take(add())).toThrow(expect.objectContaining({ code: 'ERR_LIVE_LIMIT' }))
})

test('a process whose ended instances hold many memories gives them up for others while it is idle, or is told to', async () => {
  const { add, places } = makeTab()
  const [first, second] = [add(), add()]
  await first.warmUp()
  await second.warmUp()
  const end = (proc: Proc, times: number): boolean[] =>
    Array.from({ length: times }, () => places.get(proc)?.instanceEnded(65_536) ?? false)
  expect(end(first, 100)).not.toContain(true)
  expect(states([first, second])).toEqual(['idle', 'idle'])
  // As when an instance has just ended: it is not idle.
  const { stream, done } = deliver(second)
  expect(end(second, 20)).not.toContain(true)
  expect(states([first])).toEqual(['cold'])
  expect(end(second, 100).at(-1)).toBe(true)
  await stream.closeWrite()
  await readAll(stream)
  await done
})

test('one whose ended instances hold much is told to give it up too', async () => {
  const { add, places } = makeTab()
  const proc = add()
  await proc.warmUp()
  const MiB = 1024 * 1024
  expect(places.get(proc)?.instanceEnded(500 * MiB)).toBe(false)
  expect(places.get(proc)?.instanceEnded(100 * MiB)).toBe(true)
})
