import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ExitReason } from './exit.ts'
import { makeRestart, type RestartType } from './restart.ts'
import { isOver, Supervisor } from './supervisor.ts'

const TRAP: ExitReason = { type: 'trapped', message: 'unreachable', frames: ['in boom at 0x4f'] }
const DONE: ExitReason = { type: 'exited', code: 0 }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Longest wait after each of so many ends in a row; 'dead' if it does not come back. */
function ends(supervisor: Supervisor, count: number): (number | 'dead')[] {
  return Array.from({ length: count }, () => {
    const verdict = supervisor.judge(TRAP, true)
    return verdict.dead ? 'dead' : verdict.waitMs
  })
}

test('the first abnormal end costs no wait, the next ones more and more, and past the intensity the process is dead', () => {
  const [first, ...waits] = ends(new Supervisor(makeRestart({ intensity: 4 })), 5)
  expect(first).toBe(0)
  expect(waits.pop()).toBe('dead')
  expect(waits.length).toBe(3)
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeLessThanOrEqual(100 * 2 ** i)
    expect(wait).toBeGreaterThanOrEqual(66 * 2 ** i)
  }
})

test('why it is dead names the intensity and the last reason', () => {
  const supervisor = new Supervisor(makeRestart({ intensity: 1 }))
  supervisor.judge(TRAP, true)
  expect(supervisor.judge(TRAP, true)).toEqual({
    dead: true,
    why: 'The process ended abnormally 2 times within 60 s and is not restarted. The last time: trapped: unreachable in boom at 0x4f.',
  })
})

test('ends that lie a period back count no more, and the waits begin again', () => {
  const supervisor = new Supervisor(makeRestart({ intensity: 2, periodMs: 1000 }))
  expect(ends(supervisor, 2)[0]).toBe(0)
  vi.advanceTimersByTime(1000)
  const [first, second, third] = ends(supervisor, 3)
  expect(first).toBe(0)
  expect(second).toBeLessThanOrEqual(100)
  expect(third).toBe('dead')
})

test('it may be told to forget them', () => {
  const supervisor = new Supervisor(makeRestart({ intensity: 1 }))
  ends(supervisor, 1)
  supervisor.reset()
  expect(ends(supervisor, 1)).toEqual([0])
})

test('normal ends and those that do not count cost nothing, however many', () => {
  const supervisor = new Supervisor(makeRestart({ intensity: 0 }))
  for (let i = 0; i < 10; i++) {
    expect(supervisor.judge(DONE, true)).toMatchObject({ dead: false, waitMs: 0 })
    expect(supervisor.judge(TRAP, false)).toMatchObject({ dead: false, waitMs: 0 })
  }
  expect(supervisor.judge(TRAP, true).dead).toBe(true)
})

describe('the restart type', () => {
  test.each<[RestartType, ExitReason, boolean]>([
    ['permanent', DONE, false],
    ['permanent', TRAP, false],
    ['transient', DONE, true],
    ['transient', TRAP, false],
    ['temporary', DONE, true],
    ['temporary', TRAP, true],
    ['temporary', { type: 'start', message: 'no worker' }, false],
  ])('%s, after %o, is over: %s', (type, reason, over) => {
    expect(isOver(type, reason)).toBe(over)
    expect(new Supervisor(makeRestart(type)).judge(reason, true).dead).toBe(over)
  })
})
