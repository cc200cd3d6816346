import { describe, expect, test, vi } from 'vitest'
import { GliaError } from '../errors.ts'
import type { ActorSpec } from './actor.ts'
import { readAll } from '../stream/web-streams.ts'
import { counter, deliver, makeProc, type Run, TestActor, text } from '../test-peer.ts'

// What happens to a process while something else is under way with it.

/** A program whose start the test lets end. */
function slowProgram() {
  const starting = Promise.withResolvers<TestActor>()
  const stopped = vi.fn<() => void>()
  const program: ActorSpec = { methods: ['run'], start: () => starting.promise }
  return {
    program,
    stopped,
    starts: () => starting.resolve(new TestActor(counter(), stopped)),
    fails: () => starting.reject(new GliaError('ERR_START', '_initialize trapped.')),
  }
}

/** A process whose first instance traps when the test says so, and whose other instances count. */
function trapsOnce(restart: { intensity: number }) {
  const trapped = Promise.withResolvers<void>()
  const trap: Run = async (_message, actor) => {
    await trapped.promise
    actor.exited = { type: 'trapped', message: 'unreachable', frames: [] }
    throw new GliaError('ERR_TRAPPED', 'run trapped: unreachable.')
  }
  const lives: Run[] = [trap]
  return { ...makeProc(() => lives.shift() ?? counter(), { restart }), trap: trapped.resolve }
}

const reply = async (proc: ReturnType<typeof makeProc>['proc']): Promise<string> =>
  text(await readAll(deliver(proc).stream))

describe('a restart that waits behind', () => {
  test('the message that ends the process for good brings it back', async () => {
    const { proc, trap } = trapsOnce({ intensity: 0 })
    const running = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    const restarting = proc.restart()
    trap()
    await expect(running.done).rejects.toMatchObject({ code: 'ERR_TRAPPED' })
    await restarting
    expect(proc.state).toBe('idle')
    expect(await reply(proc)).toBe('1')
  })

  test('a swap of a dead process that fails brings it back all the same', async () => {
    const { proc } = makeProc(counter, { dead: 'It ended six times.' })
    const { program, fails } = slowProgram()
    const swapping = proc.swap(program)
    const restarting = proc.restart()
    fails()
    await expect(swapping).rejects.toMatchObject({ code: 'ERR_START' })
    await restarting
    expect(await reply(proc)).toBe('1')
  })
})

describe('a dead process', () => {
  const dead = 'It ended six times.'

  test('says so while a new version starts, and lives when that has started', async () => {
    const { proc } = makeProc(counter, { dead })
    const { program, starts } = slowProgram()
    const swapping = proc.swap(program)
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: dead })
    expect(proc.state).toBe('dead')
    starts()
    await swapping
    expect(proc.state).toBe('idle')
    expect(await reply(proc)).toBe('1')
  })

  test('that is killed during a swap stays dead, and what the swap has started is stopped', async () => {
    const { proc, exits } = makeProc(counter, { dead })
    const { program, starts, stopped } = slowProgram()
    const swapping = proc.swap(program)
    proc.kill()
    starts()
    await expect(swapping).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: 'The process was killed.' })
    await expect.poll(() => stopped.mock.calls.length).toBe(1)
    await expect(proc.restart()).rejects.toMatchObject({ message: 'The process was killed.' })
    expect({ state: proc.state, exits }).toEqual({ state: 'dead', exits: [] })
  })

  test('has nothing done to it but a restart and a swap', async () => {
    const { proc } = makeProc(counter, { dead })
    const work = vi.fn<() => Promise<void>>()
    await expect(proc.pause(work)).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: dead })
    await expect(proc.warmUp()).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: dead })
    expect(work).not.toHaveBeenCalled()
    await proc.restart()
    expect(await reply(proc)).toBe('1')
  })
})

test('a worker that ends by itself while its process is idle costs no message: the next one gets a fresh instance', async () => {
  const actors: TestActor[] = []
  const { proc, exits } = makeProc(counter, {
    actor: (run) => {
      const actor = new TestActor(run, () => undefined)
      actors.push(actor)
      return actor
    },
  })
  expect(await reply(proc)).toBe('1')
  actors[0]?.stop(new GliaError('ERR_START', 'The actor worker could not run: out of memory.'))
  expect(await reply(proc)).toBe('1')
  expect(exits).toMatchObject([{ method: undefined, reason: { type: 'start' }, final: false }])
})

test('a process that is killed while it waits for its place gives that back', async () => {
  const entering = Promise.withResolvers<void>()
  const leave = vi.fn<() => void>()
  const place = {
    leave,
    instanceEnded: () => false,
    instanceBegins: () => true,
    afterRefusal: () => Promise.resolve(false),
  }
  const { proc, count } = makeProc(counter, { enter: () => entering.promise.then(() => place) })
  const { done } = deliver(proc)
  await expect.poll(() => proc.state).toBe('starting')
  entering.resolve()
  proc.kill()
  await expect(done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  expect(leave).toHaveBeenCalledOnce()
  expect(count.started).toBe(0)
})
