import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cancellation } from '../cancel.ts'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { counter, deliver, type Delivery, loop, makeProc, OTHER, type Run, text, type TestProc } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const SECOND = 1000
const gaveUp = new GliaError('ERR_ABORTED', 'The caller gave up.')

/** A process whose first instance loops, with the message that does. */
async function looping(caller: string): Promise<TestProc & { running: Delivery }> {
  const lives: Run[] = [loop]
  const made = makeProc(() => lives.shift() ?? counter())
  const running = deliver(made.proc, { caller })
  await vi.advanceTimersByTimeAsync(100)
  expect(made.proc.state).toBe('busy')
  return { ...made, running }
}

async function reply(proc: TestProc['proc']): Promise<string> {
  return text(await readAll(deliver(proc).stream))
}

describe('a method that does not return', () => {
  test.each(['browser', newPid()])(
    'frees its process within a second when its owner cancels it: %s',
    async (caller) => {
      const { proc, running, exits, notes } = await looping(caller)
      running.stream.abort(cancellation())
      await vi.advanceTimersByTimeAsync(SECOND)
      await expect(running.done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
      expect(proc.state).toBe('cold')
      expect(await reply(proc)).toBe('1')
      // The owner's act is no failure of the process.
      expect(exits).toEqual([])
      expect(notes).toContainEqual(expect.stringContaining('did not return when its message was cancelled'))
    },
  )

  test('is left alone when its page has merely gone, until the owner wants the turn', async () => {
    const { proc, running } = await looping('browser')
    running.stream.abort(gaveUp)
    await vi.advanceTimersByTimeAsync(5 * SECOND)
    expect(proc.state).toBe('busy')
    const next = reply(proc)
    await vi.advanceTimersByTimeAsync(SECOND)
    expect(await next).toBe('1')
  })

  test('is not ended for a stranger, whatever that one says', async () => {
    const { proc, running } = await looping(OTHER)
    running.stream.abort(cancellation())
    const { done } = deliver(proc)
    await vi.advanceTimersByTimeAsync(5 * SECOND)
    expect(proc.state).toBe('busy')
    proc.kill()
    await expect(done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  })

  test('is not ended for strangers that wait', async () => {
    const { proc, running } = await looping('browser')
    running.stream.abort(gaveUp)
    deliver(proc, { caller: OTHER })
    await vi.advanceTimersByTimeAsync(5 * SECOND)
    expect(proc.state).toBe('busy')
    proc.kill()
  })

  test('is ended at once by a restart', async () => {
    const { proc, running } = await looping(OTHER)
    const restarting = proc.restart()
    await vi.advanceTimersByTimeAsync(SECOND)
    await restarting
    await expect(running.done).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
    expect(proc.state).toBe('idle')
    expect(await reply(proc)).toBe('1')
  })
})

test('a method that returns when its message is cancelled keeps its state', async () => {
  const run = counter()
  const minds: Run = async (message, ...rest) => {
    await run(message, ...rest)
    await message.read()
  }
  const { proc, count } = makeProc(() => minds)
  const running = deliver(proc)
  await vi.advanceTimersByTimeAsync(100)
  running.stream.abort(cancellation())
  await expect(running.done).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  const next = deliver(proc)
  await next.stream.closeWrite()
  expect(text(await readAll(next.stream))).toBe('2')
  await vi.advanceTimersByTimeAsync(SECOND)
  expect(count).toEqual({ started: 1, stopped: 0 })
})
