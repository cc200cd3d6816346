import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GliaError } from '../errors.ts'
import type { ExitReason } from './exit.ts'
import { newPid } from '../pid.ts'
import {
  bytes,
  counter,
  deliver,
  echo,
  loop,
  makeProc,
  OTHER,
  type Run,
  send,
  TestActor,
  text,
  untilAborted,
} from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

const TRAP: ExitReason = { type: 'trapped', message: 'unreachable', frames: ['in boom at 0x4f'] }

/** Ends its instance with every message. */
const trap: Run = async (_message, actor) => {
  actor.exited = TRAP
  throw new GliaError('ERR_TRAPPED', 'run trapped: unreachable.')
}

/** Waits until the test lets it go on. */
function gate(): { run: Run; entered: Promise<void>; open(): void } {
  const entered = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  return {
    run: async () => {
      entered.resolve()
      await opened.promise
    },
    entered: entered.promise,
    open: opened.resolve,
  }
}

const codeOf = (done: Promise<void>): Promise<string> =>
  done.then(
    () => 'well',
    ({ code }: GliaError) => code,
  )

/** A program for a swap, and how often its actors were started and stopped. */
function program(run: Run, methods: readonly string[] = ['run']) {
  const count = { started: 0, stopped: 0 }
  const start = async (): Promise<TestActor> => {
    count.started += 1
    return new TestActor(run, () => (count.stopped += 1))
  }
  return { count, program: { methods, start } }
}

describe('a process whose messages trap', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('comes back at once the first time, and after a backoff the second time within the period', async () => {
    const { proc, exits, notes } = makeProc(() => trap)
    await codeOf(deliver(proc).done)
    expect(proc.state).toBe('idle')
    await codeOf(deliver(proc).done)
    expect(proc.state).toBe('backoff')
    expect(proc.backoffUntil).toBeGreaterThan(Date.now())
    expect(exits).toMatchObject([
      { method: 'run', reason: TRAP, final: false },
      { method: 'run', reason: TRAP, final: false },
    ])
    expect(notes.at(-2)).toMatch(/^trapped: unreachable in boom at 0x4f\. The next message gets a fresh instance\.$/)
    expect(notes.at(-1)).toMatch(/^trapped: unreachable in boom at 0x4f\. It comes back in \d+ ms\.$/)
  })

  test('has messages wait meanwhile, within their deadline', async () => {
    const { proc } = makeProc(() => trap, { policy: { deadlineMs: 50 } })
    await codeOf(deliver(proc).done)
    await codeOf(deliver(proc).done)
    const impatient = deliver(proc)
    expect(proc.waiting).toBe(1)
    const ended = codeOf(impatient.done)
    await vi.advanceTimersByTimeAsync(60)
    expect(await ended).toBe('ERR_DEADLINE')
    const patient = deliver(proc)
    await vi.advanceTimersByTimeAsync(45)
    expect(await codeOf(patient.done)).toBe('ERR_TRAPPED')
  })

  test('is dead past its intensity, and says why to those who wait and those who come', async () => {
    const { proc, exits } = makeProc(() => trap, { restart: { intensity: 1 } })
    await codeOf(deliver(proc).done)
    await codeOf(deliver(proc).done)
    expect(proc.state).toBe('dead')
    expect(proc.death).toMatch(/ended abnormally 2 times within 60 s.*unreachable in boom/)
    expect(exits.at(-1)).toMatchObject({ final: true })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: proc.death })
    proc.kill()
    expect(exits.length).toBe(2)
  })

  test.each([
    ['another peer', OTHER, false],
    ['a page of this browser', 'browser', true],
    ['a process of this tab', newPid(), true],
  ])('of %s is kept from it by default: only this browser’s count', async (_, caller, counts) => {
    const { proc } = makeProc(() => trap, { restart: { intensity: 2 } })
    for (let i = 0; i < 3; i++) {
      await codeOf(deliver(proc, { caller }).done)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(proc.state).toBe(counts ? 'dead' : 'idle')
  })

  test('counts those of everybody if its owner wants that', async () => {
    const { proc } = makeProc(() => trap, { restart: { intensity: 0, counts: 'anyone' } })
    await codeOf(deliver(proc, { caller: OTHER }).done)
    expect(proc.state).toBe('dead')
  })

  test('is not held to account for what its caller’s leaving did to it', async () => {
    const sensitive: Run = async (message, actor, method) => {
      await untilAborted(message, actor, method)
      await trap(message, actor, method)
    }
    const { proc, exits } = makeProc(() => sensitive, { restart: { intensity: 0 }, policy: { deadlineMs: 50 } })
    const { stream, done } = deliver(proc)
    await vi.advanceTimersByTimeAsync(1)
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    expect(await codeOf(done)).toBe('ERR_ABORTED')
    expect(exits).toMatchObject([{ reason: TRAP, final: false }])
    const late = codeOf(deliver(proc).done)
    await vi.advanceTimersByTimeAsync(51)
    expect(await late).toBe('ERR_DEADLINE')
    expect(proc.state).toBe('dead')
  })

  test('waits no longer once it is killed', async () => {
    const { proc, count } = makeProc(() => trap)
    await codeOf(deliver(proc).done)
    await codeOf(deliver(proc).done)
    const waiting = codeOf(deliver(proc).done)
    proc.kill()
    expect(await waiting).toBe('ERR_PROC_STOPPED')
    expect(proc.state).toBe('dead')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(proc.state).toBe('dead')
    expect(count).toEqual({ started: 1, stopped: 1 })
  })
})

describe('a command', () => {
  const methods = ['_start']

  test.each([
    ['traps', TRAP],
    ['exits with a code', { type: 'exited', code: 4 }],
  ] as const)('that %s leaves its process as it is, and is listed', async (_, reason) => {
    const ending: Run = async (_message, actor) => {
      actor.exited = reason
      throw new GliaError('ERR_EXITED', 'x')
    }
    const { proc, exits } = makeProc(() => ending, { methods, restart: { type: 'temporary', intensity: 0 } })
    for (let i = 0; i < 3; i++) await codeOf(deliver(proc, { method: '_start' }).done)
    expect(proc.state).toBe('idle')
    expect(exits.map((exit) => exit.reason)).toEqual([reason, reason, reason])
    expect(exits.every(({ final }) => !final)).toBe(true)
  })
})

describe('a start that fails', () => {
  const refuse = async (): Promise<void> => {
    throw new GliaError('ERR_START', '_initialize trapped.')
  }

  test('counts as an end, and kills no temporary process', async () => {
    const { proc, exits } = makeProc(() => echo, { starting: refuse, restart: { type: 'temporary', intensity: 1 } })
    await codeOf(deliver(proc).done)
    expect(proc.state).toBe('cold')
    await codeOf(deliver(proc).done)
    expect(proc.state).toBe('dead')
    expect(exits.map(({ reason }) => reason.type)).toEqual(['start', 'start'])
  })

  test('because it takes too long is listed as such, and one that its caller gives up is not', async () => {
    const { proc, exits } = makeProc(() => echo, {
      policy: { deadlineMs: 20 },
      starting: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    const { stream, done } = deliver(proc)
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    await codeOf(done)
    expect(exits).toEqual([])
    expect(await codeOf(deliver(proc).done)).toBe('ERR_DEADLINE')
    expect(exits).toMatchObject([{ reason: { type: 'deadline' } }])
  })
})

test('a method that is stopped at its deadline is listed with it', async () => {
  const { proc, exits } = makeProc(() => loop, { policy: { deadlineMs: 10 } })
  await codeOf(deliver(proc).done)
  expect(exits).toMatchObject([
    { method: 'run', reason: { type: 'deadline', message: 'run did not end within its 10 ms.' }, final: false },
  ])
})

test('a kill is an end, the last one', () => {
  const { proc, exits } = makeProc(() => echo)
  proc.kill()
  expect(exits).toMatchObject([{ reason: { type: 'killed', message: 'The process was killed.' }, final: true }])
})

test('a process that was kept dead is dead', async () => {
  const { proc, count } = makeProc(() => echo, { dead: 'It ended too often.' })
  expect(proc).toMatchObject({ state: 'dead', death: 'It ended too often.' })
  await expect(deliver(proc).done).rejects.toThrow('It ended too often.')
  expect(count.started).toBe(0)
})

describe('the size of a reply', () => {
  const policy = { maxReplyBytes: 8 }

  test('may be exactly the cap', async () => {
    const { proc } = makeProc(() => echo, { policy })
    const { stream } = deliver(proc)
    await send(stream, '12345678')
    expect(text(await readAll(stream))).toBe('12345678')
  })

  test('may not be one byte more: the call fails, the process goes on', async () => {
    const { proc, failures } = makeProc(() => echo, { policy })
    const { stream, done } = deliver(proc)
    await stream.write(bytes('12345678'))
    await stream.write(bytes('9'))
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_REPLY_TOO_LARGE', status: 500 })
    expect(await codeOf(done)).toBe('ERR_REPLY_TOO_LARGE')
    expect(failures.map(({ code }) => code)).toEqual(['ERR_REPLY_TOO_LARGE'])
    expect(proc.state).toBe('idle')
  })
})

describe('swapping', () => {
  test('lets the message that runs end, and goes before those that wait', async () => {
    const { run, entered, open } = gate()
    const { proc, count } = makeProc(() => run)
    const running = deliver(proc)
    await entered
    const waiting = deliver(proc)
    const next = program(counter())
    const swapping = proc.swap(next.program)
    expect(next.count.started).toBe(0)
    open()
    await running.done
    await swapping
    expect(text(await readAll(waiting.stream))).toBe('1')
    expect(count).toEqual({ started: 1, stopped: 1 })
    expect(next.count).toEqual({ started: 1, stopped: 0 })
    expect(proc.state).toBe('idle')
  })

  test('that fails leaves the old program, with what it has in memory', async () => {
    const { proc, count } = makeProc(counter)
    await readAll(deliver(proc).stream)
    const start = (): Promise<never> => Promise.reject(new GliaError('ERR_START', '_initialize trapped.'))
    await expect(proc.swap({ methods: ['other'], start })).rejects.toMatchObject({ code: 'ERR_START' })
    expect(proc).toMatchObject({ state: 'idle', methods: ['run'] })
    expect(text(await readAll(deliver(proc).stream))).toBe('2')
    expect(count).toEqual({ started: 1, stopped: 0 })
  })

  test('that fails lets no message into a process that was dead before', async () => {
    const { proc, count, exits } = makeProc(counter, { dead: 'It ended six times.' })
    const starting = Promise.withResolvers<TestActor>()
    const swapping = proc.swap({ methods: ['run'], start: () => starting.promise })
    const waiting = deliver(proc)
    starting.reject(new GliaError('ERR_START', '_initialize trapped.'))
    await expect(swapping).rejects.toMatchObject({ code: 'ERR_START' })
    await expect(waiting.done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: 'It ended six times.' })
    expect(proc).toMatchObject({ state: 'dead', death: 'It ended six times.' })
    expect({ started: count.started, exits }).toEqual({ started: 0, exits: [] })
  })

  test('of a process that was dead, and was brought back before, leaves it alive', async () => {
    const fails = { methods: ['run'], start: () => Promise.reject(new GliaError('ERR_START', 'no')) }
    for (const back of ['restart', 'swap'] as const) {
      const { proc } = makeProc(counter, { dead: 'It ended six times.' })
      await (back === 'restart' ? proc.restart() : proc.swap(program(counter()).program))
      await expect(proc.swap(fails)).rejects.toMatchObject({ code: 'ERR_START' })
      expect(text(await readAll(deliver(proc).stream))).toBe('1')
    }
  })

  test('that takes too long fails at the deadline', async () => {
    const { proc } = makeProc(counter, { policy: { deadlineMs: 10 } })
    const start = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    await expect(proc.swap({ methods: ['run'], start })).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(proc.state).toBe('cold')
  })

  test('fails messages that wait for a method that is gone', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run, { methods: ['run', 'old'] })
    const running = deliver(proc)
    await entered
    const waiting = [deliver(proc, { method: 'old' }), deliver(proc, { method: 'run' })]
    const swapping = proc.swap(program(counter(), ['run', 'new']).program)
    open()
    await Promise.all([running.done, swapping])
    expect(await Promise.all(waiting.map(({ done }) => codeOf(done)))).toEqual(['ERR_NO_METHOD', 'well'])
    expect(await codeOf(deliver(proc, { method: 'new' }).done)).toBe('well')
  })

  test('is given up by its signal, also while it waits', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run)
    const running = deliver(proc)
    await entered
    const aborter = new AbortController()
    const next = program(counter())
    const swapping = proc.swap(next.program, aborter.signal)
    aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(swapping).rejects.toThrow('enough')
    open()
    await running.done
    expect(next.count.started).toBe(0)
  })

  test('fails when the process is killed, and stops what it has started', async () => {
    const { proc } = makeProc(counter)
    const next = program(counter())
    const started = Promise.withResolvers<void>()
    const start = async (): Promise<TestActor> => {
      await started.promise
      return next.program.start()
    }
    const swapping = proc.swap({ methods: ['run'], start })
    await expect.poll(() => proc.state).toBe('starting')
    proc.kill()
    started.resolve()
    await expect(swapping).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
    await expect.poll(() => next.count).toEqual({ started: 1, stopped: 1 })
  })

  test('that is given up before it begins ends no backoff', async () => {
    const { proc } = makeProc(() => trap)
    for (let i = 0; i < 2; i++) await codeOf(deliver(proc).done)
    const enough = AbortSignal.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(proc.swap(program(counter()).program, enough)).rejects.toThrow('enough')
    await expect(proc.restart(enough)).rejects.toThrow('enough')
    expect(proc.state).toBe('backoff')
    proc.kill()
  })

  test('ends a backoff, and the new program has no past', async () => {
    const { proc } = makeProc(() => trap, { restart: { intensity: 2 } })
    for (let i = 0; i < 2; i++) await codeOf(deliver(proc).done)
    expect(proc.state).toBe('backoff')
    await proc.swap(program(trap).program)
    expect(proc.state).toBe('idle')
    for (let i = 0; i < 2; i++) await codeOf(deliver(proc).done)
    expect(proc.state).toBe('backoff')
    proc.kill()
  })
})

describe('restarting by hand', () => {
  test('gives a fresh instance before those that wait', async () => {
    const { run, entered, open } = gate()
    const lives = [run, counter()]
    const { proc, count } = makeProc(() => lives.shift() ?? counter())
    const running = deliver(proc)
    await entered
    const waiting = deliver(proc)
    const restarting = proc.restart()
    open()
    await running.done
    await restarting
    expect(text(await readAll(waiting.stream))).toBe('1')
    expect(count).toEqual({ started: 2, stopped: 1 })
  })
})

describe('what is done between two messages', () => {
  test('comes after the one that runs and before those that wait, and the instance stays', async () => {
    const mayEnd = Promise.withResolvers<void>()
    const done: string[] = []
    const { proc, count } = makeProc(() => async () => {
      await mayEnd.promise
      done.push('message')
    })
    const running = deliver(proc)
    const waiting = deliver(proc)
    const pausing = proc.pause(async () => void done.push('pause'))
    mayEnd.resolve()
    await Promise.all([running.done, waiting.done, pausing])
    expect(done).toEqual(['message', 'pause', 'message'])
    expect(count).toEqual({ started: 1, stopped: 0 })
  })

  test('that fails is the failure of who wanted it, and the next message runs', async () => {
    const { proc } = makeProc(() => counter())
    await expect(proc.pause(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(deliver(proc).done).resolves.toBeUndefined()
  })

  test('is not done for a process that was killed, or for somebody who has given up', async () => {
    const { proc } = makeProc(() => untilAborted)
    const work = vi.fn<() => Promise<void>>()
    deliver(proc)
    await expect(proc.pause(work, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    const pausing = proc.pause(work)
    proc.kill()
    await expect(pausing).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
    expect(work).not.toHaveBeenCalled()
  })
})

describe('evicting', () => {
  test('is safe while no message has left anything in memory', async () => {
    const { proc, count, notes } = makeProc(counter)
    expect(proc.evictableSince).toBeUndefined()
    await proc.warmUp()
    expect(proc.evictableSince).toBeTypeOf('number')
    proc.evict()
    expect(proc).toMatchObject({ state: 'cold', evictableSince: undefined })
    expect(notes.at(-1)).toMatch(/to make room/)
    await readAll(deliver(proc).stream)
    expect(proc.evictableSince).toBeUndefined()
    proc.evict()
    expect(proc.state).toBe('idle')
    expect(count).toEqual({ started: 2, stopped: 1 })
  })

  test('is safe for commands, for those whose policy allows it, and after an end', async () => {
    const command = makeProc(counter, { methods: ['_start'] }).proc
    await deliver(command, { method: '_start' }).done
    const careless = makeProc(counter, { policy: { evict: true } }).proc
    await deliver(careless).done
    const trapped = makeProc(() => trap).proc
    await codeOf(deliver(trapped).done)
    for (const proc of [command, careless, trapped]) expect(proc.evictableSince).toBeTypeOf('number')
  })

  test('is not safe while a message runs, waits, or is about to', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run, { policy: { evict: true } })
    const { done } = deliver(proc)
    await entered
    proc.evict()
    expect(proc.state).toBe('busy')
    open()
    await done
    expect(proc.state).toBe('idle')
  })
})

describe('an exit signal', () => {
  const linked: ExitReason = { type: 'linked', pid: 'other', message: 'other, which it is linked to, ended: trapped' }

  test('ends the instance of an idle process, which comes back by its restart type', async () => {
    const { proc, count, exits } = makeProc(counter)
    await readAll(deliver(proc).stream)
    proc.signal(linked, true)
    expect(proc.state).toBe('cold')
    expect(exits).toMatchObject([{ reason: linked, final: false }])
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    expect(count).toEqual({ started: 2, stopped: 1 })
  })

  test('fails the message that runs', async () => {
    const { proc } = makeProc(() => loop)
    const { done } = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    proc.signal(linked, true)
    await expect(done).rejects.toMatchObject({
      code: 'ERR_PROC_STOPPED',
      message: expect.stringContaining('linked to, ended: trapped') as unknown,
    })
    expect(proc.state).toBe('cold')
  })

  test('ends a temporary process for good', async () => {
    const { proc } = makeProc(counter, { restart: 'temporary' })
    await proc.warmUp()
    proc.signal(linked, true)
    expect(proc.state).toBe('dead')
  })

  test('is nothing to one that has no instance', async () => {
    const { proc, exits } = makeProc(() => trap)
    proc.signal(linked, true)
    await codeOf(deliver(proc).done)
    proc.signal(linked, true)
    expect(exits.map(({ reason }) => reason.type)).toEqual(['trapped'])
    proc.kill()
    proc.signal(linked, true)
    expect(exits.length).toBe(2)
  })

  describe('during a swap', () => {
    /** A process that was signalled once before, and is being swapped for a program whose start the test controls. */
    async function swapping() {
      const made = makeProc(counter)
      const { proc } = made
      await proc.warmUp()
      proc.signal(linked, true)
      expect(await codeOf(deliver(proc).done)).toBe('well')
      const starting = Promise.withResolvers<TestActor>()
      const swapped = proc.swap({ methods: ['run'], start: () => starting.promise })
      await expect.poll(() => proc.state).toBe('starting')
      proc.signal(linked, true)
      proc.signal(linked, true)
      expect(proc.isLive).toBe(true)
      return { ...made, starting, swapped }
    }

    test('is over when the new program has started, which does not wait for it', async () => {
      const { proc, starting, swapped, exits } = await swapping()
      starting.resolve(new TestActor(counter(), () => undefined))
      await swapped
      expect(proc.state).toBe('idle')
      expect(exits.length).toBe(1)
      expect(text(await readAll(deliver(proc).stream))).toBe('1')
    })

    test('ends the old instance once when the new program does not start', async () => {
      const { proc, starting, swapped, exits } = await swapping()
      starting.reject(new GliaError('ERR_START', '_initialize trapped.'))
      await expect(swapped).rejects.toMatchObject({ code: 'ERR_START' })
      expect(exits.length).toBe(2)
      expect(proc.state).toBe('backoff')
      proc.kill()
    })

    test('is nothing to a process that is killed', async () => {
      const { proc, swapped, exits } = await swapping()
      proc.kill()
      await expect(swapped).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
      expect(exits.map(({ reason }) => reason.type)).toEqual(['linked', 'killed'])
    })
  })

  test('leads to a backoff like any other end', async () => {
    const { proc } = makeProc(counter)
    await proc.warmUp()
    proc.signal(linked, true)
    await proc.warmUp()
    proc.signal(linked, true)
    expect(proc.state).toBe('backoff')
    proc.kill()
  })
})

describe('the log has a cause before its effects', () => {
  test('a trap, before what becomes of the process', async () => {
    const { proc, log } = makeProc(() => trap)
    await codeOf(deliver(proc).done)
    expect(log).toEqual([
      expect.stringMatching(/^Started in/),
      expect.stringMatching(/^ERR_TRAPPED: /),
      expect.stringMatching(/^trapped: .* The next message gets a fresh instance\.$/),
    ])
  })

  test('a deadline, before the worker is ended', async () => {
    const { proc, log } = makeProc(() => loop, { policy: { deadlineMs: 10 } })
    await codeOf(deliver(proc).done)
    expect(log).toEqual([
      expect.stringMatching(/^Started in/),
      'ERR_DEADLINE: run did not end within its 10 ms.',
      expect.stringMatching(/^run did not end within its 10 ms\. /),
    ])
  })

  test('a start that fails, before the process waits or is dead', async () => {
    const { proc, log } = makeProc(() => echo, {
      starting: async () => {
        throw new GliaError('ERR_START', 'There is no worker.')
      },
    })
    await codeOf(deliver(proc).done)
    expect(log).toEqual(['ERR_START: There is no worker.', expect.stringMatching(/^There is no worker\. /)])
  })

  test('and each failure once', async () => {
    const { proc, failures } = makeProc(() => trap)
    await codeOf(deliver(proc).done)
    await codeOf(deliver(proc, { method: 'nothing' }).done)
    expect(failures.map(({ code }) => code)).toEqual(['ERR_TRAPPED', 'ERR_NO_METHOD'])
  })
})
