import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextTask } from './next-task.ts'
import { Pace } from './pace.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const wanted = (): boolean => false

/** Takes turns, and notes who has had one. */
function crowd(pace: Pace, count: number): number[] {
  const had: number[] = []
  for (let i = 0; i < count; i++) void pace.turn(wanted).then(() => had.push(i))
  return had
}

test('the first one has a turn at once, and the others wait in line', async () => {
  const pace = new Pace()
  const had = crowd(pace, 4)
  await vi.advanceTimersByTimeAsync(0)
  expect(had).toEqual([0])
  expect(pace.waiting).toBe(3)
  await vi.advanceTimersByTimeAsync(4)
  expect(had).toEqual([0, 1])
  await vi.advanceTimersByTimeAsync(8)
  expect(had).toEqual([0, 1, 2, 3])
})

test('who comes when all have had theirs waits for nothing', async () => {
  const pace = new Pace()
  crowd(pace, 2)
  await vi.advanceTimersByTimeAsync(100)
  const had = crowd(pace, 1)
  await vi.advanceTimersByTimeAsync(0)
  expect(had).toEqual([0])
})

test('a turn that is not wanted any more is passed on at once', async () => {
  const pace = new Pace()
  crowd(pace, 1)
  let isOver = false
  const gone = pace.turn(() => isOver)
  const had = crowd(pace, 1)
  isOver = true
  await vi.advanceTimersByTimeAsync(4)
  await gone
  expect(had).toEqual([0])
})

test('where nobody looks at the thread there are no pauses', async () => {
  const pace = new Pace(() => true)
  const had = crowd(pace, 20)
  while (pace.waiting > 0) await nextTask()
  await nextTask()
  expect(had).toHaveLength(20)
  expect(vi.getTimerCount()).toBe(0)
})
