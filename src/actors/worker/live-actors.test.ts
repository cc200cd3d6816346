import { describe, expect, test } from 'vitest'
import type { ActorPlace } from '../../glia/process/actor.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { counter, deliver, makeProc, TestActor, type TestProcInit, text, untilAborted } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { LiveActors } from './live-actors.ts'

/** A tab with room for two workers, and a way to make processes that need one each. */
function makeTab() {
  const procs: Proc[] = []
  const places = new Map<Proc, ActorPlace>()
  const live = new LiveActors(() => procs, 2)
  const add = (init: TestProcInit = {}, lives = counter): Proc => {
    const { proc } = makeProc(lives, {
      ...init,
      changed: () => live.notice(),
      enter: (signal) => live.enter(proc, signal),
      actor: (run, entered) => {
        const place = entered ?? live.take(proc)
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
  // Like an instance that has just ended: the process is not idle.
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

describe('a message to a process without a place', () => {
  /** A process that is a command. It loses nothing between two messages. */
  const command = (add: ReturnType<typeof makeTab>['add']): Proc => add({ methods: ['_start'] })
  const reply = async (proc: Proc): Promise<string> => text(await readAll(deliver(proc, { method: '_start' }).stream))

  test('waits while a command runs, and has its place when that has ended', async () => {
    const { add } = makeTab()
    const commands = Array.from({ length: 7 }, () => command(add))
    const replies = await Promise.all([...commands, ...commands, ...commands].map(reply))
    // Each process has its own count, which begins anew with each life.
    expect(replies.length).toBe(21)
    expect(states(commands).filter((state) => state === 'idle').length).toBe(2)
  })

  test('comes to its place beside processes that keep theirs', async () => {
    const { add } = makeTab()
    const kept = add()
    await readAll(deliver(kept).stream)
    const commands = Array.from({ length: 5 }, () => command(add))
    await Promise.all(commands.map(reply))
    expect(kept.state).toBe('idle')
  })

  test('fails when the last process that might have made room turns out to keep its memory', async () => {
    const { add } = makeTab()
    const [first, second, third] = [add(), add(), add()]
    const messages = [first, second, third].map((proc) => deliver(proc))
    const last = messages[2]?.done.catch((thrown: unknown) => thrown)
    for (const { stream } of messages.slice(0, 2)) expect((await readAll(stream)).length).toBe(1)
    expect(await last).toMatchObject({ code: 'ERR_LIVE_LIMIT' })
  })

  test('fails at the deadline of its process, which is no end of it, or leaves when its caller gives up', async () => {
    const { add } = makeTab()
    const methods = ['_start']
    const busy = [0, 1].map(() =>
      deliver(
        add({ methods }, () => untilAborted),
        { method: '_start' },
      ),
    )
    const [late, left] = [add({ methods, policy: { deadlineMs: 20 } }), add({ methods })]
    const leaving = deliver(left, { method: '_start' })
    await expect(deliver(late, { method: '_start' }).done).rejects.toMatchObject({
      code: 'ERR_LIVE_LIMIT',
      message: expect.stringContaining('none came free within 20 ms') as unknown,
    })
    leaving.stream.abort(new GliaError('ERR_ABORTED', 'Enough.'))
    await expect(leaving.done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(states([late, left])).toEqual(['cold', 'cold'])
    for (const { stream } of busy) stream.abort(new GliaError('ERR_ABORTED', 'Enough.'))
    expect(await reply(command(add))).toBe('1')
  })
})
