import { expect, test } from 'vitest'
import { Layout } from './layout.ts'
import { Pulses } from './pulses.ts'
import { Stage } from './stage.ts'
import { largeGraph } from './test-mesh.ts'

/** A stage whose frames come when the test asks for them, 16 ms apart. */
function stageOf(layout: Layout, isQuiet: boolean) {
  const pulses = new Pulses()
  let next: ((now: number) => void) | undefined
  let now = 0
  let drawn = 0
  let copied = 0
  let time = 0
  const stage = new Stage({
    layout,
    pulses,
    draw: (_, isSame) => {
      drawn += 1
      copied += Number(isSame)
    },
    requestFrame: (run) => {
      next = run
      return 1
    },
    cancelFrame: () => (next = undefined),
    // A step of the layout takes one ms.
    clock: () => time++,
  })
  stage.isQuiet = isQuiet
  return {
    stage,
    pulses,
    isAsked: () => next !== undefined,
    drawn: () => drawn,
    copied: () => copied,
    now: () => now,
    /** Runs frames until none is asked for. @returns how many were run. */
    run: (most = 1000) => {
      let frames = 0
      while (next && frames < most) {
        const frame = next
        next = undefined
        now += 16
        frames += 1
        frame(now)
      }
      return frames
    },
  }
}

test('once the nodes have settled no frame is asked for', () => {
  const layout = new Layout()
  const { stage, run, isAsked, drawn } = stageOf(layout, false)
  layout.update(largeGraph(30, 20))
  stage.changed()
  const frames = run()
  expect(layout.isSettled).toBe(true)
  expect(isAsked()).toBe(false)
  expect(drawn()).toBe(frames)
  // A change is drawn, however often it is told, and then nothing.
  stage.changed()
  stage.changed()
  expect(run()).toBe(1)
})

test('a quiet layout is drawn once, when all nodes have their places', () => {
  const layout = new Layout()
  const { stage, run, drawn } = stageOf(layout, true)
  layout.update(largeGraph(30, 20))
  stage.changed()
  expect(run()).toBeGreaterThan(1)
  expect(layout.isSettled).toBe(true)
  expect(drawn()).toBe(1)
})

test('a pulse asks for frames until it has arrived', () => {
  const { stage, pulses, run, isAsked, now, copied } = stageOf(new Layout(), true)
  stage.changed()
  run()
  pulses.start(['a', 'b'], false, now())
  stage.wake()
  const frames = run()
  expect(frames).toBeGreaterThan(10)
  expect(frames).toBeLessThan(30)
  expect(isAsked()).toBe(false)
  // All but the pulse is as it was.
  expect(copied()).toBe(frames)
})

test('a stage that was stopped draws nothing', () => {
  const layout = new Layout()
  const { stage, run, isAsked, drawn } = stageOf(layout, false)
  layout.update(largeGraph(30, 20))
  stage.changed()
  run(3)
  stage.stop()
  stage.changed()
  expect([isAsked(), drawn()]).toEqual([false, 3])
})
