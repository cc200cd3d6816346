import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { newPid } from '../../glia/pid.ts'
import { makePolicy } from '../../glia/process/policy.ts'
import { makeRestart } from '../../glia/process/restart.ts'
import { deliver, loop, makePeer, type Run, SELF, TestActor, text } from '../../glia/test-peer.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { ProcessEntry } from './process-entry.ts'
import { ProcessLinks } from './process-links.ts'

/** Leaves through proc_exit(0), which neither counts nor waits. */
const leaves: Run = async (_message, actor) => {
  // If it went on for ever, the test's timers would still have their turn.
  await nextTask()
  actor.exited = { type: 'exited', code: 0 }
}

/** Two processes of `run` with their ties. Each end is noted under the name of the process that ended. */
function makePair(run: Run) {
  const ended: string[] = []
  /** The messages of watches, each until its process is done with it. */
  const messages: Promise<void>[] = []
  /** Resolves when no message is under way, and none has followed. */
  const rest = async (): Promise<void> => {
    for (let settled = -1; settled < messages.length;) {
      settled = messages.length
      // oxlint-disable-next-line no-await-in-loop -- what follows from the messages so far
      await Promise.all(messages)
    }
  }
  const make = (name: string): ProcessEntry =>
    new ProcessEntry(
      {
        pid: newPid(),
        slot: 0,
        name,
        args: [],
        env: {},
        root: false,
        createdAt: 0,
        cid: name,
        moduleBytes: 0,
        methods: ['run'],
        policy: makePolicy(),
        restart: makeRestart(),
      },
      {
        store: undefined,
        spec: () => ({ methods: ['run'], start: async () => new TestActor(run, () => undefined) }),
        changed: () => undefined,
        exited: ({ record: { pid } }, exit, counts) => {
          ended.push(name)
          links.ended(pid, exit, counts)
        },
      },
    )
  const [a, b] = [make('a'), make('b')]
  const { router } = makePeer([a.proc, b.proc])
  const links: ProcessLinks = new ProcessLinks({
    peerId: SELF,
    get: (pid) => [a, b].find(({ record }) => record.pid === pid),
    serveStream: (stream) => {
      const served = router.serveStream(stream)
      messages.push(served)
      return served
    },
    changed: () => undefined,
  })
  return { a, b, links, ended, rest }
}

test('a watch tells why a process ended, and not the PID of one that it is linked to', async () => {
  const told = Promise.withResolvers<string>()
  const tells: Run = async ({ read }) => told.resolve(text((await read()) ?? new Uint8Array()))
  const { a, b, links } = makePair(tells)
  links.watch(b.record.pid, a.record.pid, 'run')
  await a.proc.warmUp()
  const linked = newPid()
  a.proc.signal({ type: 'linked', pid: linked, message: 'c, which it is linked to, ended' }, true)
  expect(JSON.parse(await told.promise)).toEqual({
    pid: a.record.pid,
    name: 'a',
    reason: { type: 'linked', message: 'c, which it is linked to, ended' },
    final: false,
  })
})

test('two that watch each other, and end when they are told, come to rest', async () => {
  const { a, b, links, ended, rest } = makePair(leaves)
  links.watch(a.record.pid, b.record.pid, 'run')
  links.watch(b.record.pid, a.record.pid, 'run')
  await deliver(a.proc).done
  await rest()
  expect(ended).toEqual(['a', 'b', 'a'])
  // That was one end with everything that followed from it.
  await deliver(b.proc).done
  await rest()
  expect(ended).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
})

test('an end of one that is being told of another, and that has nothing to do with it, is told too', async () => {
  let messages = 0
  const { a, b, links, ended, rest } = makePair((...given) => (++messages === 3 ? loop(...given) : leaves(...given)))
  links.watch(a.record.pid, b.record.pid, 'run')
  links.watch(b.record.pid, a.record.pid, 'run')
  await deliver(a.proc).done
  await expect.poll(() => a.proc.state).toBe('busy')
  expect(ended).toEqual(['a', 'b'])
  a.proc.signal({ type: 'linked', pid: newPid(), message: 'another, which it is linked to, ended' }, true)
  await rest()
  expect(ended).toEqual(['a', 'b', 'a', 'b', 'a'])
})

describe('in a tab', () => {
  const { makeTab, endTabs } = testTabs(() => worker.script)
  let worker: Awaited<ReturnType<typeof builtActorWorker>>

  beforeAll(async () => {
    installErrorTransfer()
    await Promise.all((['trouble', 'greedy', 'diary'] as const).map(guest))
    worker = await builtActorWorker()
  })
  afterEach(endTabs)
  afterAll(() => worker.remove())

  describe('a watch', () => {
    test('has the watcher told of each end, until it is ended', async () => {
      const { table, call } = makeTab()
      const [watcher, watched] = [
        await table.spawn(await guest('diary'), {}),
        await table.spawn(await guest('greedy'), { name: 'w' }),
      ]
      const id = table.links.watch(watcher, watched, 'note')
      await call(watched, 'trap')
      await expect.poll(() => call(watcher, 'recall')).toMatch(/\n$/)
      expect(JSON.parse(await call(watcher, 'recall'))).toMatchObject({
        pid: watched,
        name: 'w',
        final: false,
        reason: { type: 'trapped', message: 'unreachable', frames: expect.arrayContaining([]) as unknown },
      })
      table.links.unwatch(id)
      await call(watched, 'trap')
      expect((await call(watcher, 'recall')).trim().split('\n').length).toBe(1)
    })

    test('tells of a kill too, and may not be of nothing', async () => {
      const { table, call, entry } = makeTab()
      const [watcher, watched] = [await table.spawn(await guest('diary'), {}), await table.spawn(good, {})]
      expect(() => table.links.watch(watcher, watcher, 'note')).toThrow(
        expect.objectContaining({ code: 'ERR_BAD_REQUEST' }),
      )
      expect(() => table.links.watch(watcher, watched, 'nope')).toThrow(
        expect.objectContaining({ code: 'ERR_NO_METHOD' }),
      )
      expect(() => table.links.watch(watcher, 'nobody', 'note')).toThrow(
        expect.objectContaining({ code: 'ERR_NO_PROC' }),
      )
      table.links.watch(watcher, watched, 'note')
      expect(entry(watcher).record.watches).toMatchObject([{ watched, method: 'note' }])
      await table.kill(watched)
      await expect.poll(() => call(watcher, 'recall')).toContain('"type":"killed"')
      expect(entry(watcher).record.watches).toEqual([])
    })
  })

  test('linked processes end together, each by its own restart type', async () => {
    const { table, call, entry } = makeTab()
    const [a, b, c] = [
      await table.spawn(await guest('trouble'), { name: 'a' }),
      await table.spawn(await guest('trouble'), { name: 'b' }),
      await table.spawn(await guest('trouble'), { name: 'c', restart: 'temporary' }),
    ]
    table.links.link(a, b)
    table.links.link(b, c)
    for (const pid of [a, b, c]) expect(await call(pid, 'count')).toBe('1')
    await call(a, 'trap')
    expect(await call(b, 'count')).toBe('1')
    expect(entry(b).record.exits).toMatchObject([{ reason: { type: 'linked', pid: a } }])
    expect(entry(c).proc.death).toMatch(/temporary/)
    table.links.unlink(a, b)
    await call(a, 'trap')
    expect(await call(b, 'count')).toBe('2')
  })
})
