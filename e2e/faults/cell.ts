import type { Random } from '../random.ts'
import type { Fault } from './faults.ts'
import { inTime } from './in-time.ts'
import { pause } from '../../src/mesh/dial/pause.ts'
import { judge, type Message, type Outcome, type Told } from './outcome.ts'
import type { Way } from './ways.ts'
import type { World } from './world.ts'

export interface StrikeInit {
  ways: readonly Way[]
  fault: Fault
  /** Calls in each way. */
  calls: number
  pauseMs: number
  random: Random
}

/** What came of the calls in one way. */
export interface CellReport {
  way: Way
  fault: Fault
  counts: Record<Outcome, number>
  /** Messages that ran more than once; undefined if nobody can tell. */
  double: number | undefined
  /** Time from the end of the fault to the end of the first call that went well again, in ms; undefined: none did. */
  recoveryMs: number | undefined
  /** Longest call, in ms. */
  longestMs: number
  /** What was not as it should be, and the codes that were seen. */
  details: Map<string, number>
}

/** The deadline of the process is 30 s, for the wait and for the run; this is past both, by the caller's clock. */
const HANG_MS = 75_000
/** What is not a call must not keep the command from ending: making it happen, counting. */
const STRIKE_MS = 150_000
/** How long somebody tries again after a fault until a call goes well, and how often. In ms. */
const RECOVER_MS = 60_000
const PROBE_MS = 500
export const LANES = 8
/** Lanes of the calls that find out when all is well again: they must not wait behind one that met the fault. */
export const PROBE_LANES = 4
/** While the fault lasts, the calls of a lane are so far apart on average, in ms: what fails at once must not use up the calls. */
const SPACE_MS = 100
/** Numbers that the guest can count. */
const NUMBERS = 4096
const SIZES = [4, 32, 500, 5_000, 60_000]

/** Makes calls in all ways at once, in several lanes each, while something goes wrong once. */
export async function strikeOnce(world: World, init: StrikeInit): Promise<CellReport[]> {
  const { fault, calls, pauseMs, random, ways } = init
  let number = 0
  let overAt: number | undefined
  let isStruck = false
  let failure: string | undefined
  const over = (): void => void (overAt ??= Date.now())
  const cells = ways.map((way) => new Cell(world, way, () => ({ number: number++, bytes: random.pick(SIZES) })))
  const strike = async (): Promise<void> => {
    try {
      await inTime(fault.strike(world, { random, pauseMs, over }), STRIKE_MS, 'the fault took too long')
    } catch (thrown) {
      failure = thrown instanceof Error ? thrown.message : String(thrown)
    }
    over()
    isStruck = true
  }
  const lane = async (cell: Cell, index: number, quota: number): Promise<void> => {
    while (cell.begun < quota) {
      await cell.call(index, overAt)
      if (quota === calls && !isStruck) await pause(random.below(2 * SPACE_MS))
    }
  }
  const probe = async (cell: Cell): Promise<void> => {
    const probes: Promise<void>[] = []
    const since = overAt ?? Date.now()
    for (let index = LANES; cell.recoveryMs === undefined && Date.now() - since < RECOVER_MS; index++) {
      probes.push(cell.call(LANES + (index % PROBE_LANES), overAt))
      await Promise.race([pause(PROBE_MS), cell.recovered])
    }
    await Promise.all(probes)
  }
  const lanes = (quota: number): Promise<unknown> =>
    Promise.all(cells.flatMap((cell) => Array.from({ length: LANES }, (_, index) => lane(cell, index, quota))))
  await inTime(fault.prepare?.(world) ?? Promise.resolve(), STRIKE_MS, 'the fault cannot be prepared')
  // A quarter of the calls goes before. The fault meets calls under way.
  await lanes(Math.ceil(calls / 4))
  const going = lanes(calls)
  const striking = strike()
  while (overAt === undefined) await pause(20)
  await Promise.all([going, striking, ...cells.map(probe)])
  const counts = fault.forgets || number > NUMBERS ? undefined : await readCounts(world)
  return cells.map((cell) => cell.report(fault, counts, failure))
}

/** The calls in one way. */
class Cell {
  readonly #world: World
  readonly #way: Way
  readonly #next: () => Message
  readonly #numbers: number[] = []
  readonly #counts: CellReport['counts'] = { ok: 0, typed: 0, broke: 0, hang: 0, cut: 0, wrong: 0, untyped: 0 }
  readonly #details = new Map<string, number>()
  readonly #recovered = Promise.withResolvers<void>()
  #longestMs = 0
  recoveryMs: number | undefined

  constructor(world: World, way: Way, next: () => Message) {
    this.#world = world
    this.#way = way
    this.#next = next
  }

  get begun(): number {
    return this.#numbers.length
  }

  get recovered(): Promise<void> {
    return this.#recovered.promise
  }

  /** @param overAt When the fault was over, if it is */
  async call(lane: number, overAt: number | undefined): Promise<void> {
    const message = this.#next()
    this.#numbers.push(message.number)
    const began = Date.now()
    const { outcome, detail } = judge(await this.#tell(message, lane), message)
    this.#counts[outcome] += 1
    this.#longestMs = Math.max(this.#longestMs, Date.now() - began)
    if (detail !== undefined) this.#details.set(detail, (this.#details.get(detail) ?? 0) + 1)
    if (outcome !== 'ok' || overAt === undefined) return
    this.recoveryMs ??= Date.now() - overAt
    this.#recovered.resolve()
  }

  async #tell(message: Message, lane: number): Promise<Told | undefined> {
    try {
      return await inTime(this.#way.send(this.#world, message, lane), HANG_MS)
    } catch (thrown) {
      return { untyped: String(thrown).slice(0, 200) }
    }
  }

  report(fault: Fault, counts: Uint16Array | undefined, failure: string | undefined): CellReport {
    if (failure !== undefined) this.#details.set(`the fault failed: ${failure.slice(0, 300)}`, 1)
    return {
      way: this.#way,
      fault,
      counts: this.#counts,
      double: counts && this.#numbers.reduce((sum, each) => sum + Math.max(0, (counts[each * 2] ?? 0) - 1), 0),
      recoveryMs: failure === undefined ? this.recoveryMs : undefined,
      longestMs: this.#longestMs,
      details: this.#details,
    }
  }
}

async function readCounts({ callee, target }: World): Promise<Uint16Array> {
  const reading = callee.evaluate(
    async (to) => [...new Uint16Array((await glia.call(to)).slice().buffer)],
    target.counted,
  )
  return Uint16Array.from(await inTime(reading, HANG_MS, 'the guest does not tell its counts'))
}
