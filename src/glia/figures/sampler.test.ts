import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Meter } from './meter.ts'
import { type Sampled, Sampler } from './sampler.ts'
import { type Measure, type Series, type Span, SPANS } from './series.ts'

/** A whole ten seconds of the clock. */
const START = 1_700_000_000_000
let alive: AbortController

beforeEach(() => {
  vi.useFakeTimers({ now: START })
  alive = new AbortController()
})

afterEach(() => {
  alive.abort()
  vi.useRealTimers()
})

interface TestProcess extends Sampled {
  meter: Meter
  memoryBytes: number | undefined
  waiting: number
  isLive: boolean
}

class World {
  readonly whole = new Meter()
  readonly procs = new Map<string, TestProcess>()
  samples = 0
  readonly sampler = new Sampler({
    meter: this.whole,
    sources: () => this.procs,
    sampled: () => (this.samples += 1),
    alive: alive.signal,
  })

  add(pid: string): TestProcess {
    const proc = { meter: new Meter().within(this.whole), memoryBytes: undefined, waiting: 0, isLive: false }
    this.procs.set(pid, proc)
    return proc
  }

  /** The last samples, the oldest first. */
  last(
    count: number,
    measure: Measure,
    series: Series | undefined = this.sampler.whole,
    span: Span = 'minutes',
  ): number[] {
    this.sampler.look()
    const end = this.sampler.endOf(span)
    return Array.from({ length: count }, (_, i) => series?.at(span, end - count + i, measure) ?? NaN)
  }
}

function calls(proc: TestProcess, times: readonly number[]): void {
  for (const ms of times) proc.meter.ended(ms, false)
}

/** The calls of the last steps, by number instead of rate. */
function sumOf(world: World, steps: number): number {
  const { sampler } = world
  const end = sampler.endOf('minutes')
  return Array.from({ length: steps }, (_, i) => sampler.whole.amountAt('minutes', end - 1 - i, 'calls') || 0).reduce(
    (sum, amount) => sum + amount,
    0,
  )
}

/** As on a machine, except that no timer runs: the page is frozen, or its timers are throttled. */
function passWithoutTimers(ms: number): void {
  const clock = performance.now()
  vi.setSystemTime(Date.now() + ms)
  vi.spyOn(performance, 'now').mockImplementation(() => clock + ms)
}

test('calls of a second are in its sample, of the process and of the whole', () => {
  const world = new World()
  const [a, b] = [world.add('a'), world.add('b')]
  calls(a, [10, 10, 10, 1000])
  b.meter.ended(1, true)
  b.meter.carried(100, 300)
  vi.advanceTimersByTime(1010)
  expect(world.last(1, 'calls')).toEqual([expect.closeTo(5, 1)])
  expect(world.last(1, 'errors')).toEqual([expect.closeTo(1, 1)])
  const seriesA = world.sampler.of('a')
  expect(world.last(1, 'calls', seriesA)).toEqual([expect.closeTo(4, 1)])
  expect(world.last(1, 'errors', seriesA)).toEqual([0])
  expect(world.last(1, 'p50', seriesA)[0]).toBeCloseTo(10, 0)
  expect(world.last(1, 'p99', seriesA)[0]).toBeGreaterThan(930)
  const seriesB = world.sampler.of('b')
  expect(world.last(1, 'errors', seriesB)).toEqual([expect.closeTo(1, 1)])
  expect(world.last(1, 'bytesIn', seriesB)).toEqual([expect.closeTo(100, -1)])
  expect(world.last(1, 'bytesOut', seriesB)).toEqual([expect.closeTo(300, -1)])
  expect(world.last(1, 'p50', seriesB)).toEqual([NaN])
})

test('the next second begins at zero, also for the quantiles', () => {
  const world = new World()
  const a = world.add('a')
  calls(a, [1000])
  vi.advanceTimersByTime(1010)
  calls(a, [1])
  vi.advanceTimersByTime(1000)
  vi.advanceTimersByTime(1000)
  expect(world.last(3, 'calls')).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1), 0])
  const [first, second, third] = world.last(3, 'p50')
  expect(first).toBeGreaterThan(900)
  expect(second).toBeCloseTo(1, 1)
  expect(third).toBeNaN()
})

test('what stands is sampled as it is, and summed up for the whole', () => {
  const world = new World()
  Object.assign(world.add('a'), { memoryBytes: 1000, waiting: 2, isLive: true })
  Object.assign(world.add('b'), { memoryBytes: 500, waiting: 1, isLive: true })
  world.add('cold')
  vi.advanceTimersByTime(1010)
  expect(world.last(1, 'memory')).toEqual([1500])
  expect(world.last(1, 'waiting')).toEqual([3])
  expect(world.last(1, 'live')).toEqual([2])
  expect(world.last(1, 'memory', world.sampler.of('b'))).toEqual([500])
  expect(world.sampler.of('cold')).toBeUndefined()
})

test('ten seconds are one sample of the hour, with their mean rate', () => {
  const world = new World()
  const a = world.add('a')
  for (let second = 0; second < 10; second++) {
    calls(a, [5, 5])
    vi.advanceTimersByTime(1000)
  }
  vi.advanceTimersByTime(10)
  expect(world.last(1, 'calls', world.sampler.whole, 'hour')).toEqual([expect.closeTo(2, 1)])
  expect(world.last(1, 'p50', world.sampler.whole, 'hour')[0]).toBeCloseTo(5, 0)
})

test('while nothing happens no timer runs, and the next call fills in that nothing happened', () => {
  const world = new World()
  const a = world.add('a')
  calls(a, [5])
  Object.assign(a, { isLive: true, memoryBytes: 4096 })
  vi.advanceTimersByTime(70_000)
  expect(vi.getTimerCount()).toBe(0)
  const { samples } = world
  vi.advanceTimersByTime(300_500)
  expect(world.samples).toBe(samples)
  calls(a, [5, 5, 5])
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1000)
  const rates = world.last(302, 'calls')
  expect(rates.slice(0, -1)).toEqual(Array(301).fill(0))
  // The three calls came in the second half of a second. Their rate is that of the whole second.
  expect(rates.at(-1)).toBeCloseTo(3, 1)
  expect(sumOf(world, 302)).toBeCloseTo(3, 4)
  expect(world.last(302, 'memory')).toEqual(Array(302).fill(4096))
  expect(world.last(302, 'p50').slice(0, -1)).toEqual(Array(301).fill(NaN))
  const hour = world.last(20, 'calls', world.sampler.of('a'), 'hour')
  expect(hour).toEqual(Array(20).fill(0))
})

test('who looks while sampling rests sees rest up to now', () => {
  const world = new World()
  calls(world.add('a'), [5])
  vi.advanceTimersByTime(70_000)
  vi.advanceTimersByTime(100_000)
  expect(world.last(100, 'calls')).toEqual(Array(100).fill(0))
  expect(world.sampler.endOf('minutes')).toBe(Math.floor(Date.now() / 1000))
  expect(vi.getTimerCount()).toBe(0)
})

test('a timer that comes late gives all steps the mean rate of the time that went by', () => {
  const world = new World()
  const a = world.add('a')
  vi.advanceTimersByTime(1010)
  calls(a, Array(120).fill(5) as number[])
  passWithoutTimers(60_000)
  const rates = world.last(60, 'calls')
  for (const rate of rates) expect(rate).toBeCloseTo(2, 1)
  expect(world.last(61, 'calls')[0]).toBe(0)
  expect(sumOf(world, 61)).toBeCloseTo(120, 3)
})

test('while the machine slept nothing is known', () => {
  const world = new World()
  const a = world.add('a')
  vi.advanceTimersByTime(1010)
  calls(a, [5, 5])
  // The clock of the page stands still while the machine sleeps.
  vi.setSystemTime(Date.now() + 120_000)
  vi.advanceTimersByTime(1000)
  const rates = world.last(121, 'calls')
  expect(rates.slice(0, -1)).toEqual(Array(120).fill(NaN))
  expect(rates.at(-1)).toBeCloseTo(2, 1)
})

test('a clock that is set back makes no sample twice, and the samples go on', () => {
  const world = new World()
  const a = world.add('a')
  calls(a, [5])
  vi.advanceTimersByTime(20_010)
  vi.setSystemTime(Date.now() - 3_600_000)
  calls(a, [5, 5, 5])
  vi.advanceTimersByTime(1000)
  expect(world.last(3, 'calls')).toEqual([NaN, NaN, expect.closeTo(3, 0)])
})

test('what was counted before the sampler was there belongs to the time since then', () => {
  const whole = new Meter()
  for (let i = 0; i < 10; i++) whole.ended(5, false)
  vi.advanceTimersByTime(4000)
  const sampler = new Sampler({ meter: whole, sources: () => [], sampled: () => undefined, alive: alive.signal })
  vi.advanceTimersByTime(1010)
  for (let i = 1; i <= 5; i++) {
    expect(sampler.whole.at('minutes', sampler.endOf('minutes') - i, 'calls')).toBeCloseTo(2, 1)
  }
})

test('the ring has the last quarter of an hour, and no more', () => {
  const world = new World()
  const a = world.add('a')
  calls(a, [5])
  vi.advanceTimersByTime(1010)
  const first = world.sampler.endOf('minutes') - 1
  expect(world.sampler.whole.at('minutes', first, 'calls')).toBeGreaterThan(0)
  vi.advanceTimersByTime(SPANS.minutes.size * 1000)
  expect(world.last(SPANS.minutes.size, 'calls')).toEqual(Array(SPANS.minutes.size).fill(0))
})

test('a process that is gone has no samples, and those that did something last have some', () => {
  const world = new World()
  const many = Array.from({ length: 250 }, (_, i) => world.add(`p${i}`))
  for (const proc of many.slice(0, 200)) calls(proc, [5])
  vi.advanceTimersByTime(1010)
  for (const proc of many.slice(200)) calls(proc, [5])
  vi.advanceTimersByTime(1000)
  expect(world.sampler.of('p0')).toBeUndefined()
  expect(world.sampler.of('p49')).toBeUndefined()
  expect(world.sampler.of('p50')).toBeDefined()
  expect(world.sampler.of('p249')).toBeDefined()
  // It comes back with what it does from now on.
  calls(many[0] ?? world.add('p0'), [5])
  vi.advanceTimersByTime(1000)
  expect(world.sampler.of('p0')).toBeDefined()
  vi.advanceTimersByTime(1000)
  expect(world.last(2, 'calls', world.sampler.of('p0'))).toEqual([NaN, 0])
  world.procs.delete('p249')
  vi.advanceTimersByTime(1000)
  expect(world.sampler.of('p249')).toBeUndefined()
})

test('a stopped peer samples no more', () => {
  const world = new World()
  const a = world.add('a')
  alive.abort()
  calls(a, [5])
  expect(vi.getTimerCount()).toBe(0)
})
