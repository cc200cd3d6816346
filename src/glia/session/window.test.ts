import { describe, expect, test } from 'vitest'
import { Window } from './window.ts'

const KiB = 1024
const FRAME_BYTES = 16 * KiB

interface Way {
  bytesPerMs: number
  /** Time for an empty way there and back, in ms. */
  roundTripMs: number
  /** By how much the thread of the receiver is late, in ms, at most. */
  lateMs?: number
  /** Small calls are sent too. */
  hasCompany?: boolean
}

interface Run {
  /** Bytes that arrived per ms, and the time in which they waited in queues, on average, after the first second. */
  bytesPerMs: number
  queueMs: number
  mostOnTheirWay: number
}

/** Sends bulk through a way that has one queue, in a time of its own. */
function run(
  window: Window,
  clock: { now: number },
  { bytesPerMs, roundTripMs, lateMs = 0, hasCompany = false }: Way,
): Run {
  const acknowledgements: number[] = []
  let freeAt = 0
  let arrived = 0
  let waitedMs = 0
  let frames = 0
  let mostOnTheirWay = 0
  let seed = 1
  for (; clock.now < 6000; clock.now += 0.25) {
    while ((acknowledgements[0] ?? Infinity) <= clock.now) {
      acknowledgements.shift()
      window.acknowledged(FRAME_BYTES)
    }
    if (hasCompany) window.company()
    while (window.admits()) {
      window.put(FRAME_BYTES)
      window.sent()
      const startsAt = Math.max(clock.now, freeAt)
      freeAt = startsAt + FRAME_BYTES / bytesPerMs
      seed = (seed * 16_807) % 2_147_483_647
      const last = acknowledgements.at(-1) ?? 0
      acknowledgements.push(Math.max(last, freeAt + roundTripMs + (lateMs * seed) / 2_147_483_647))
      if (clock.now > 1000) {
        arrived += FRAME_BYTES
        waitedMs += startsAt - clock.now
        frames += 1
        mostOnTheirWay = Math.max(mostOnTheirWay, window.onTheirWay)
      }
    }
  }
  return { bytesPerMs: arrived / 5000, queueMs: waitedMs / frames, mostOnTheirWay }
}

function runWith(way: Way, maxBytes = 1024 * KiB): Run {
  const clock = { now: 0 }
  return run(new Window(maxBytes, () => clock.now), clock, way)
}

describe('bulk fills its way, and little of it waits in queues', () => {
  test.each<Way>(
    [
      { bytesPerMs: 1000, roundTripMs: 1 },
      { bytesPerMs: 3000, roundTripMs: 4 },
      { bytesPerMs: 3000, roundTripMs: 4, lateMs: 10 },
      { bytesPerMs: 10_000, roundTripMs: 2, lateMs: 5 },
      { bytesPerMs: 5000, roundTripMs: 80 },
      { bytesPerMs: 5000, roundTripMs: 80, lateMs: 20 },
    ].flatMap((way) => [way, { ...way, hasCompany: true }]),
  )('%o', (way) => {
    const { bytesPerMs, queueMs } = runWith(way)
    expect(bytesPerMs).toBeGreaterThan(0.85 * way.bytesPerMs)
    // The least window is two frames, however slow the way is.
    expect(queueMs).toBeLessThan(Math.max(25, (2 * 32 * KiB) / way.bytesPerMs))
  })
})

test.each<Way>([
  { bytesPerMs: 1000, roundTripMs: 1 },
  { bytesPerMs: 3000, roundTripMs: 4 },
])('beside small calls less of bulk waits: %o', (way) => {
  const [alone, beside] = [runWith(way), runWith({ ...way, hasCompany: true })]
  expect(beside.queueMs).toBeLessThan(0.8 * alone.queueMs)
})

test('no more is on its way than may be', () => {
  const { mostOnTheirWay } = runWith({ bytesPerMs: 20_000, roundTripMs: 100 }, 256 * KiB)
  expect(mostOnTheirWay).toBe(256 * KiB)
})

test('more than is under way cannot be acknowledged', () => {
  const window = new Window(256 * KiB)
  window.put(10)
  window.sent()
  expect(window.acknowledged(11)).toBe(false)
  expect(window.acknowledged(10)).toBe(true)
  expect(window.acknowledged(1)).toBe(false)
})
