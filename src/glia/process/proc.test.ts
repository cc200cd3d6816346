import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GliaError } from '../errors.ts'
import { streamPair } from '../stream/stream-pair.ts'
import {
  addressOf,
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

const nothing: Run = async () => undefined

/** An actor that waits for something on the message's behalf. */
const throwsItsReason: Run = async (message, ...rest) => {
  await untilAborted(message, ...rest)
  message.signal.throwIfAborted()
}

const never = (): Promise<never> => new Promise(() => undefined)

/** A start that ends when its signal aborts. */
const untilGivenUp = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** A run that waits until the test lets it go on. */
function gate(): { run: Run; entered: Promise<void>; open(): void } {
  const entered = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const run: Run = async () => {
    entered.resolve()
    await opened.promise
  }
  return { run, entered: entered.promise, open: opened.resolve }
}

test('a message starts a cold process, and the reply is what its method wrote', async () => {
  const { proc, notes, count } = makeProc(() => echo)
  expect(proc.state).toBe('cold')
  const { stream, done } = deliver(proc)
  await send(stream, 'hello')
  expect(text(await readAll(stream))).toBe('hello')
  await done
  expect(proc).toMatchObject({ state: 'idle', messages: 1, waiting: 0, memoryBytes: 65_536 })
  expect(proc.p50Ms).toBeGreaterThanOrEqual(0)
  expect(notes).toEqual([expect.stringMatching(/^Started in \d+ ms\.$/)])
  await deliver(proc).stream.closeWrite()
  expect(count.started).toBe(1)
})

test('state is kept across messages, which run one at a time in the order they came', async () => {
  const { proc } = makeProc(counter)
  const replies = await Promise.all([1, 2, 3].map(async () => text(await readAll(deliver(proc).stream))))
  expect(replies).toEqual(['1', '2', '3'])
})

test('the method gets its name, and an unknown one is refused with those there are', async () => {
  const named: Run = (message, _actor, method) => message.write(bytes(method))
  const { proc, count } = makeProc(() => named, { methods: ['one', 'two'] })
  expect(text(await readAll(deliver(proc, { method: 'two' }).stream))).toBe('two')
  await expect(deliver(proc, { method: 'toString' }).done).rejects.toMatchObject({
    code: 'ERR_NO_METHOD',
    message: expect.stringContaining('one, two') as unknown,
  })
  expect(count.started).toBe(1)
})

test('who is not on the list is refused before anything runs', async () => {
  const { proc, count } = makeProc(() => echo, { policy: { callers: 'browser' } })
  await expect(deliver(proc, { caller: OTHER }).done).rejects.toMatchObject({ code: 'ERR_DENIED' })
  expect(count.started).toBe(0)
})

test('a method that fails fails its message only', async () => {
  const failing: Run = async () => {
    throw new GliaError('ERR_FAILED', 'run returned 7.')
  }
  const runs = [failing, echo]
  const { proc, failures, count } = makeProc(() => (message, actor, method) => {
    return (runs.shift() ?? nothing)(message, actor, method)
  })
  await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_FAILED' })
  const { stream } = deliver(proc)
  await send(stream, 'still here')
  expect(text(await readAll(stream))).toBe('still here')
  expect(failures.map(({ code }) => code)).toEqual(['ERR_FAILED'])
  expect(count).toEqual({ started: 1, stopped: 0 })
  expect(proc.messages).toBe(2)
})

test('a method that throws what is no GliaError fails with an error all the same', async () => {
  const { proc } = makeProc(() => async () => Promise.reject(new TypeError('oops')))
  await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: 'oops' })
})

describe('the size of a message', () => {
  const policy = { maxMessageBytes: 8 }

  test('may be exactly the cap', async () => {
    const { proc } = makeProc(() => echo, { policy })
    const { stream } = deliver(proc, { expectedBytes: 8 })
    await stream.write(bytes('12345'))
    await send(stream, '678')
    expect(text(await readAll(stream))).toBe('12345678')
  })

  test('may not be one byte more, also when nobody said so before', async () => {
    const { proc } = makeProc(() => echo, { policy })
    const { stream, done } = deliver(proc)
    await stream.write(bytes('12345678'))
    await stream.write(bytes('9'))
    await expect(done).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    expect(proc.state).toBe('idle')
  })

  test('is refused before anything runs when the caller said it', async () => {
    const { proc, count } = makeProc(() => echo, { policy })
    await expect(deliver(proc, { expectedBytes: 9 }).done).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    expect(count.started).toBe(0)
  })
})

describe('a method that ends one half of its call', () => {
  test('makes the caller’s writes fail, and its reply goes on', async () => {
    const deaf: Run = async (message) => {
      message.closeRead()
      await message.write(bytes('enough'))
    }
    const { stream, done } = deliver(makeProc(() => deaf).proc)
    expect(await stream.read()).toEqual(bytes('enough'))
    await expect(stream.write(bytes('more'))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
    expect(await stream.read()).toBeNull()
    await done
  })

  test('has replied, and reads on', async () => {
    const heard: Uint8Array[] = []
    const brief: Run = async (message) => {
      message.closeWrite()
      heard.push(await readAll(message))
    }
    const { stream, done } = deliver(makeProc(() => brief).proc)
    expect(await stream.read()).toBeNull()
    await send(stream, 'message')
    await done
    expect(heard.map(text)).toEqual(['message'])
  })

  test('has its deadline all the same when it has ended both', async () => {
    const gone: Run = async (message, ...rest) => {
      message.closeRead()
      message.closeWrite()
      await untilAborted(message, ...rest)
    }
    const { proc, failures } = makeProc(() => gone, { policy: { deadlineMs: 20 } })
    const { stream, done } = deliver(proc)
    expect(await stream.read()).toBeNull()
    await expect(done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(failures).toMatchObject([{ code: 'ERR_DEADLINE' }])
    expect(proc.state).toBe('idle')
  })
})

describe('the mailbox', () => {
  test('takes as many messages as it has room for, and refuses the next', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run, { policy: { mailbox: 2 } })
    const running = deliver(proc)
    await entered
    const waiting = [deliver(proc), deliver(proc)]
    expect(proc).toMatchObject({ state: 'busy', waiting: 2 })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
    open()
    await Promise.all([running, ...waiting].map(({ done }) => done))
    expect(proc).toMatchObject({ messages: 3, waiting: 0 })
  })

  test('lets go of a caller that gave up, whose message then never runs', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run)
    const running = deliver(proc)
    await entered
    const { stream, done } = deliver(proc)
    expect(proc.waiting).toBe(1)
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(proc.waiting).toBe(0)
    open()
    await running.done
    expect(proc.messages).toBe(1)
  })

  test('does not keep a message past its deadline', async () => {
    const { run, entered, open } = gate()
    const { proc } = makeProc(() => run, { policy: { deadlineMs: 100 } })
    const running = deliver(proc)
    await entered
    const waiting = deliver(proc)
    await expect(waiting.done).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
      message: expect.stringMatching(/waited 100 ms .* not run/) as unknown,
    })
    open()
    await expect(running.done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  })
})

describe('the deadline', () => {
  const policy = { deadlineMs: 20 }

  test('is told to a method that minds it, which keeps its state', async () => {
    const { proc, count } = makeProc(() => untilAborted, { policy })
    const { stream, done } = deliver(proc)
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await expect(done).rejects.toMatchObject({ code: 'ERR_DEADLINE', message: 'run did not end within its 20 ms.' })
    expect(proc.state).toBe('idle')
    expect(count).toEqual({ started: 1, stopped: 0 })
  })

  test('makes the reads and writes of a method fail', async () => {
    const seen: unknown[] = []
    const stubborn: Run = async (message) => {
      await message.read().catch((thrown: unknown) => seen.push(thrown))
      await message.write(bytes('x')).catch((thrown: unknown) => seen.push(thrown))
    }
    const { proc } = makeProc(() => stubborn, { policy })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(seen).toMatchObject([{ code: 'ERR_DEADLINE' }, { code: 'ERR_DEADLINE' }])
  })

  test('stops a method that loops after a grace, tells those who wait, and the process restarts cold', async () => {
    const runs = [loop, counter()]
    const { proc, count } = makeProc(() => runs.shift() ?? counter(), { policy: { deadlineMs: 150 } })
    const looping = deliver(proc)
    await expect(readAll(looping.stream)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(count.stopped).toBe(0) // the grace
    const waiting = deliver(proc)
    await expect(looping.done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await expect(waiting.done).rejects.toMatchObject({
      code: expect.stringMatching(/PROC_STOPPED|DEADLINE/) as unknown,
    })
    expect(proc.state).toBe('cold')
    expect(count.stopped).toBe(1)
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    expect(count.started).toBe(2)
  })

  test('counts for a reply that nobody reads', async () => {
    const { proc } = makeProc(() => (message) => message.write(new Uint8Array(1024 * 1024)), { policy })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(proc.state).toBe('idle')
  })

  test('counts for a start that takes too long', async () => {
    const { proc } = makeProc(() => echo, {
      policy,
      starting: untilGivenUp,
    })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(proc.state).toBe('cold')
    await expect(proc.warmUp()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  })

  test('ends the wait for a start that does not mind its signal, and what comes of it later is stopped', async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const starts = steps.map(({ promise }) => promise)
    const { proc, count, exits } = makeProc(counter, { policy, starting: () => starts.shift() ?? Promise.resolve() })
    await expect(deliver(proc, { caller: OTHER }).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await expect(proc.warmUp()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(exits).toMatchObject([{ reason: { type: 'deadline' } }, { reason: { type: 'deadline' } }])
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    for (const { resolve } of steps) resolve()
    await expect.poll(() => count).toEqual({ started: 3, stopped: 2 })
    expect(text(await readAll(deliver(proc).stream))).toBe('2')
  })

  test('begins when the module is there, however long that took', async () => {
    const loaded = Promise.withResolvers<void>()
    const { proc, exits } = makeProc(() => echo, { policy, load: () => loaded.promise })
    const { stream, done } = deliver(proc)
    await send(stream, 'patience')
    await new Promise((resolve) => setTimeout(resolve, 2 * policy.deadlineMs))
    expect(proc.state).toBe('starting')
    loaded.resolve()
    expect(text(await readAll(stream))).toBe('patience')
    await done
    expect(exits).toEqual([])
  })
})

describe('while its module is made ready', () => {
  test('a caller may give up, and a process may be killed', async () => {
    const { proc, count } = makeProc(() => echo, { load: never })
    const { stream, done } = deliver(proc)
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(proc.state).toBe('cold')
    const next = deliver(proc)
    await expect.poll(() => proc.state).toBe('starting')
    proc.kill()
    await expect(next.done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: 'The process was killed.' })
    expect(count.started).toBe(0)
  })

  test('a failure is that of a start', async () => {
    const { proc, exits } = makeProc(() => echo, {
      load: () => Promise.reject(new GliaError('ERR_STORAGE', 'The module is gone.')),
    })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    await expect(proc.warmUp()).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    expect(exits).toMatchObject([{ reason: { type: 'start' } }, { reason: { type: 'start' } }])
    expect(proc.state).toMatch(/cold|backoff/)
    proc.kill()
  })
})

describe('behind a method that is stopped', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('those who waited at its deadline learn that their message was not run', async () => {
    const { proc } = makeProc(() => loop, { policy: { deadlineMs: 300 } })
    const looping = deliver(proc).done.catch((thrown: unknown) => thrown)
    await vi.advanceTimersByTimeAsync(290)
    const behind = deliver(proc).done.catch((thrown: unknown) => thrown)
    await vi.advanceTimersByTimeAsync(290)
    expect(await looping).toMatchObject({ code: 'ERR_DEADLINE' })
    expect(await behind).toMatchObject({ code: 'ERR_PROC_STOPPED' })
    expect(proc.messages).toBe(1)
  })

  test('those who come after its deadline are run by a fresh instance', async () => {
    let made = 0
    const { proc } = makeProc(() => (made++ === 0 ? loop : async () => undefined), { policy: { deadlineMs: 300 } })
    const looping = deliver(proc).done.catch((thrown: unknown) => thrown)
    await vi.advanceTimersByTimeAsync(310)
    const late = deliver(proc)
    await vi.advanceTimersByTimeAsync(290)
    expect(await looping).toMatchObject({ code: 'ERR_DEADLINE' })
    await late.done
    expect(made).toBe(2)
  })
})

describe('a caller that gives up', () => {
  test('ends its message and not the process', async () => {
    const { proc, count } = makeProc(() => untilAborted)
    const { stream, done } = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(proc.state).toBe('idle')
    expect(count).toEqual({ started: 1, stopped: 0 })
  })

  test('is the reason of what its message fails with, whatever the method made of it', async () => {
    const trapping: Run = async (message, actor, method) => {
      await untilAborted(message, actor, method)
      throw new GliaError('ERR_TRAPPED', 'it got an errno it did not expect')
    }
    const { proc } = makeProc(() => trapping)
    const { stream, done } = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    stream.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  })

  test.each(['ERR_START', 'ERR_STORAGE'] as const)('with %s takes nothing from the process', async (code) => {
    const lies = new GliaError(code, 'Your module is gone.')
    const runs = [counter(), untilAborted, throwsItsReason]
    const { proc, exits, count, notes } = makeProc(
      () =>
        (...given) =>
          (runs.shift() ?? nothing)(...given),
    )
    await deliver(proc).done
    for (let i = 0; i < 2; i++) {
      const { stream, done } = deliver(proc, { caller: OTHER })
      await expect.poll(() => proc.state).toBe('busy')
      stream.abort(lies)
      await expect(done).rejects.toBe(lies)
    }
    expect(proc.state).toBe('idle')
    expect(count).toEqual({ started: 1, stopped: 0 })
    expect({ exits, notes }).toEqual({ exits: [], notes: [expect.stringMatching(/^Started/)] })
  })

  test.each([{ load: never }, { starting: untilGivenUp }, { starting: never }])(
    'with ERR_START during %o is no failed start',
    async (init) => {
      const lies = new GliaError('ERR_START', 'Your module is gone.')
      const { proc, exits } = makeProc(() => echo, init)
      const { stream, done } = deliver(proc, { caller: OTHER })
      await expect.poll(() => proc.state).toBe('starting')
      stream.abort(lies)
      await expect(done).rejects.toBe(lies)
      expect(exits).toEqual([])
      expect(proc.state).toBe('cold')
    },
  )

  test('before its message is delivered has it not run', async () => {
    const { proc, count } = makeProc(counter)
    await readAll(deliver(proc).stream)
    const [caller, server] = streamPair(addressOf(proc), { caller: 'browser' })
    caller.abort(new GliaError('ERR_ABORTED', 'enough'))
    await expect(proc.deliver(server)).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(text(await readAll(deliver(proc).stream))).toBe('2')
    expect(count.started).toBe(1)
  })
})

describe('killing', () => {
  test('fails the message that runs and those that wait with its reason, for good', async () => {
    const { proc, count } = makeProc(() => loop)
    const running = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    const waiting = deliver(proc)
    const reason = new GliaError('ERR_PROC_STOPPED', 'replaced by a newer one')
    proc.kill(reason)
    await expect(running.done).rejects.toBe(reason)
    await expect(waiting.done).rejects.toBe(reason)
    await expect(deliver(proc).done).rejects.toBe(reason)
    await expect(proc.warmUp()).rejects.toBe(reason)
    expect(proc.state).toBe('dead')
    expect(count).toEqual({ started: 1, stopped: 1 })
  })

  test('a second time changes nothing', () => {
    const { proc } = makeProc(() => echo)
    proc.kill()
    proc.kill(new GliaError('ERR_INTERNAL', 'again'))
    expect(proc.state).toBe('dead')
  })

  test('during a start stops what the start has made', async () => {
    const started = Promise.withResolvers<void>()
    const { proc, count } = makeProc(() => echo, { starting: () => started.promise })
    const { done } = deliver(proc)
    proc.kill()
    started.resolve()
    await expect(done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED', message: 'The process was killed.' })
    await expect.poll(() => count).toEqual({ started: 1, stopped: 1 })
    expect(proc.state).toBe('dead')
  })
})

describe('a start that fails', () => {
  test('fails its message, and the next one tries again', async () => {
    const outcomes = [new GliaError('ERR_LIVE_LIMIT', 'full'), undefined]
    const { proc, count } = makeProc(counter, {
      starting: async () => {
        const failure = outcomes.shift()
        if (failure) throw failure
      },
    })
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_LIVE_LIMIT' })
    expect(proc.state).toBe('cold')
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    expect(count.started).toBe(1)
  })

  test('shows at once when the process is warmed up', async () => {
    const { proc } = makeProc(() => echo, {
      starting: async () => {
        throw new GliaError('ERR_START', '_initialize trapped')
      },
    })
    await expect(proc.warmUp()).rejects.toMatchObject({ code: 'ERR_START' })
    expect(proc.state).toBe('cold')
  })

  test('of a worker that has died is made good by a new one', async () => {
    const dead: Run = async () => {
      throw new GliaError('ERR_START', 'The actor worker could not run: out of memory.')
    }
    const lives = [dead, counter()]
    const { proc, count } = makeProc(() => lives.shift() ?? nothing)
    await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_START' })
    expect(proc.state).toBe('cold')
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    expect(count).toEqual({ started: 2, stopped: 1 })
  })
})

describe('an actor whose worker ends by itself', () => {
  const broken = new GliaError('ERR_INTERNAL', 'Array buffer allocation failed')
  const breaks: Run = (message, actor, method) => {
    actor.stop(broken)
    return loop(message, actor, method)
  }

  test('is an end of the instance that counts, and the next message gets another', async () => {
    const lives = [breaks, counter()]
    const { proc, count, exits } = makeProc(() => lives.shift() ?? nothing)
    await expect(deliver(proc).done).rejects.toBe(broken)
    expect(proc.state).toBe('cold')
    expect(exits).toMatchObject([{ method: 'run', reason: { type: 'start', message: broken.message }, final: false }])
    expect(text(await readAll(deliver(proc).stream))).toBe('1')
    expect(count).toEqual({ started: 2, stopped: 1 })
  })

  test('is told by what it ends with if that happens while its caller gives up', async () => {
    const run: Run = async (message, actor, method) => {
      await untilAborted(message, actor, method)
      await breaks(message, actor, method)
    }
    const { proc, exits } = makeProc(() => run)
    const { stream, done } = deliver(proc)
    await expect.poll(() => proc.state).toBe('busy')
    stream.abort(new GliaError('ERR_START', 'Your module is gone.'))
    await expect(done).rejects.toMatchObject({ message: 'Your module is gone.' })
    expect(exits).toMatchObject([{ reason: { message: broken.message } }])
    expect(proc.state).toBe('cold')
  })
})

test('a process that was warmed up runs its first message without a start', async () => {
  const { proc, count } = makeProc(counter)
  await proc.warmUp()
  expect(proc.state).toBe('idle')
  await proc.warmUp()
  await readAll(deliver(proc).stream)
  expect(count.started).toBe(1)
})

test('an actor that is worn makes room for another between two messages, unless something is in its memory', async () => {
  const worn = { run: false, _start: true }
  for (const [method, stopped] of Object.entries(worn)) {
    const { proc, count } = makeProc(() => nothing, {
      methods: [method],
      actor: (run) => Object.assign(new TestActor(run, () => (count.stopped += 1)), { isWorn: true }),
    })
    await deliver(proc, { method }).done
    expect(proc.state).toBe(stopped ? 'cold' : 'idle')
    await deliver(proc, { method }).done
    expect(count.started).toBe(stopped ? 2 : 1)
    proc.kill()
  }
})

test('warming up can be given up', async () => {
  const { proc } = makeProc(() => echo, {
    starting: async (signal) => signal.throwIfAborted(),
  })
  await expect(proc.warmUp(AbortSignal.abort(new GliaError('ERR_ABORTED', 'enough')))).rejects.toThrow('enough')
  expect(proc.state).toBe('cold')
})

describe('an instance that ends with a message', () => {
  const exits =
    (code: number): Run =>
    async (message, actor) => {
      await message.write(bytes('bye'))
      actor.exited = { type: 'exited', code }
      if (code !== 0) throw new GliaError('ERR_EXITED', 'run exited with code 3.')
    }

  const codeOf = (done: Promise<void>): Promise<string> =>
    done.then(
      () => 'well',
      ({ code }: GliaError) => code,
    )

  test.each([
    ['permanent', 'normal', 'well', 'idle', 'well'],
    ['permanent', 'abnormal', 'ERR_EXITED', 'idle', 'ERR_EXITED'],
    ['transient', 'normal', 'well', 'dead', 'ERR_PROC_STOPPED'],
    ['transient', 'abnormal', 'ERR_EXITED', 'idle', 'ERR_EXITED'],
    ['temporary', 'normal', 'well', 'dead', 'ERR_PROC_STOPPED'],
    ['temporary', 'abnormal', 'ERR_EXITED', 'dead', 'ERR_PROC_STOPPED'],
  ] as const)('of a %s process, with a %s end, ends it %s; it is %s, and the next message ends %s', async (...row) => {
    const [restart, end, ended, state, next] = row
    const { proc } = makeProc(() => exits(end === 'normal' ? 0 : 3), { restart })
    expect(await codeOf(deliver(proc).done)).toBe(ended)
    expect(proc.state).toBe(state)
    expect(await codeOf(deliver(proc).done)).toBe(next)
  })

  test.each(['transient', 'permanent', 'temporary'] as const)(
    'by being stopped at its deadline is an abnormal end: %s',
    async (restart) => {
      const { proc } = makeProc(() => loop, { restart, policy: { deadlineMs: 10 } })
      await expect(deliver(proc).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
      expect(proc.state).toBe(restart === 'temporary' ? 'dead' : 'cold')
    },
  )
})
