import { describe, expect, test } from 'vitest'
import type { ActorSpec } from './actor.ts'
import type { Stream } from '../stream/stream.ts'
import { streamPair } from '../stream/stream-pair.ts'
import { addressOf, bytes, deliver, echo, makeProc, type Run, TestActor, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

/** A transport with one function that never settles, not even when the stream is aborted. */
function stuck(server: Stream, call: 'read' | 'write' | 'close'): Stream {
  const { protocol, destination, procId, methodName, caller, context, signal } = server
  const never = (): Promise<never> => new Promise(() => undefined)
  return {
    protocol,
    destination,
    procId,
    methodName,
    caller,
    context,
    signal,
    read: call === 'read' ? never : () => server.read(),
    write: call === 'write' ? never : (chunk) => server.write(chunk),
    closeRead: () => server.closeRead(),
    closeWrite: () => server.closeWrite(),
    close: call === 'close' ? never : () => server.close(),
    abort: (reason) => server.abort(reason),
  }
}

/** Reads and writes, and ignores the signal. */
const stubborn: Run = async (message) => {
  await message.read()
  await message.write(bytes('reply'))
}

/** An actor whose lane waits for the caller after its worker has ended. */
class DeafActor extends TestActor {
  override async run(): Promise<void> {
    await new Promise(() => undefined)
  }
}

function deliverStuck(made: ReturnType<typeof makeProc>, call: 'read' | 'write' | 'close'): Promise<void> {
  const [caller, server] = streamPair(addressOf(made.proc), { caller: 'browser' })
  void caller.closeWrite()
  const done = made.proc.deliver(stuck(server, call))
  done.catch(() => undefined)
  return done
}

async function next({ proc }: ReturnType<typeof makeProc>): Promise<string> {
  const { stream } = deliver(proc)
  await stream.write(bytes('next'))
  await stream.closeWrite()
  return text(await readAll(stream))
}

const policy = { deadlineMs: 20 }

/** Runs the first message as given, and echoes the others. */
function firstThenEcho(first: Run): () => Run {
  const runs = [first]
  return () =>
    (...given) =>
      (runs.shift() ?? echo)(...given)
}

describe('a turn ends at its deadline, whatever the transport does:', () => {
  test.each(['read', 'write'] as const)('a %s that never settles keeps it no longer', async (call) => {
    const made = makeProc(firstThenEcho(stubborn), { policy })
    await expect(deliverStuck(made, call)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    // The method got the failure, returned, and keeps its state.
    expect(made.count).toEqual({ started: 1, stopped: 0 })
    expect(await next(made)).toBe('next')
  })

  test('a close that never settles keeps it no longer than the method', async () => {
    const made = makeProc(() => echo)
    await deliverStuck(made, 'close')
    expect(await next(made)).toBe('next')
  })

  test('an actor that does not even end when it is stopped is left behind', async () => {
    const actors = [DeafActor]
    const made = makeProc(() => echo, {
      policy,
      actor: (run) => new (actors.shift() ?? TestActor)(run, () => undefined),
    })
    await expect(deliver(made.proc).done).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(await next(made)).toBe('next')
    expect(made.count.started).toBe(2)
  })
})

describe('what the owner does comes through behind a transport that is stuck:', () => {
  const program: ActorSpec = { methods: ['run'], start: async () => new TestActor(echo, () => undefined) }

  test.each([
    ['restart', (made: ReturnType<typeof makeProc>) => made.proc.restart()],
    ['swap', (made: ReturnType<typeof makeProc>) => made.proc.swap(program)],
    ['pause', (made: ReturnType<typeof makeProc>) => made.proc.pause(async () => undefined)],
  ])('%s', async (_, act) => {
    const made = makeProc(firstThenEcho(stubborn), { policy })
    const done = deliverStuck(made, 'write')
    await act(made)
    await expect(done).rejects.toMatchObject({ code: expect.stringMatching(/DEADLINE|PROC_STOPPED/) as unknown })
    expect(await next(made)).toBe('next')
  })

  test('a kill, also of an actor that does not end', async () => {
    const made = makeProc(() => echo, { actor: (run) => new DeafActor(run, () => undefined) })
    const { done } = deliver(made.proc)
    await expect.poll(() => made.proc.state).toBe('busy')
    made.proc.kill()
    await expect(done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  })
})
