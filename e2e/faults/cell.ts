import type { Random } from '../random.ts'
import type { Fault } from './faults.ts'
import { judge, type Outcome, type Told } from './outcome.ts'
import type { Way } from './ways.ts'
import type { World } from './world.ts'

export interface CellInit {
  way: Way
  fault: Fault
  calls: number
  pauseMs: number
  random: Random
}

export interface CellReport {
  counts: Record<Outcome, number>
  /** Messages that ran more than once; undefined if nobody can tell. */
  double: number | undefined
  /** Time from the end of the fault to the first call that went well again, in ms; undefined: none did. */
  recoveryMs: number | undefined
  /** Longest call, in ms. */
  longestMs: number
  /** What was not as it should be, and the codes that were seen. */
  details: Map<string, number>
}

/** The deadline of the process is 30 s, for the wait and for the run; this is past both, by the caller's clock. */
const HANG_MS = 75_000
/** How long calls go on after a fault until one goes well, in ms. */
const RECOVER_MS = 60_000
const LANES = 8
/** Numbers that the guest can count. */
const NUMBERS = 4096

/** Makes calls in one way, in several lanes at once, while something goes wrong once. */
export async function runCell(world: World, { way, fault, calls, pauseMs, random }: CellInit): Promise<CellReport> {
  await world.respawn()
  const counts: CellReport['counts'] = { ok: 0, typed: 0, broke: 0, hang: 0, cut: 0, wrong: 0, untyped: 0 }
  const details = new Map<string, number>()
  let number = 0
  let longestMs = 0
  let struckAt: number | undefined
  let recoveryMs: number | undefined
  const one = async (): Promise<void> => {
    const message = messageOf(number++ % NUMBERS, random)
    const began = Date.now()
    const { outcome, detail } = judge(await inTime(way.send(world, message), HANG_MS), message)
    counts[outcome] += 1
    longestMs = Math.max(longestMs, Date.now() - began)
    if (detail !== undefined) details.set(detail, (details.get(detail) ?? 0) + 1)
    if (outcome === 'ok' && struckAt !== undefined && began >= struckAt) recoveryMs ??= Date.now() - struckAt
  }
  const strike = async (): Promise<void> => {
    await fault.strike(world, { random, pauseMs })
    struckAt = Date.now()
  }
  // A quarter of the calls goes before, so that the fault meets calls under way.
  let struck: Promise<void> | undefined
  let failure: string | undefined
  const lane = async (): Promise<void> => {
    for (;;) {
      if (number >= calls / 4) {
        struck ??= strike().catch((thrown: unknown) => {
          failure = thrown instanceof Error ? thrown.message : 'unknown'
          struckAt = Date.now()
        })
      }
      const isOver = struckAt !== undefined && (recoveryMs !== undefined || Date.now() - struckAt > RECOVER_MS)
      if (number >= calls && isOver) return
      await one()
      // What fails at once must not use up the numbers before the fault is over.
      if (number >= calls) await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  if (failure !== undefined) details.set(`the fault failed: ${failure.slice(0, 200)}`, 1)
  const double = fault.forgets ? undefined : await countDoubles(world, number)
  return { counts, double, recoveryMs, longestMs, details }
}

/** Its number in four bytes, and some more. */
function messageOf(number: number, random: Random): number[] {
  const length = random.pick([4, 32, 500, 5000])
  const message = Array.from({ length }, (_, i) => (number * 31 + i * 7) & 0xff)
  message.splice(0, 4, number & 0xff, number >> 8, 0, 0)
  return message
}

async function inTime(told: Promise<Told>, ms: number): Promise<Told | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)))
  try {
    return await Promise.race([told, late])
  } catch (thrown) {
    return { untyped: String(thrown).slice(0, 200) }
  } finally {
    clearTimeout(timer)
  }
}

async function countDoubles({ callee, target }: World, calls: number): Promise<number | undefined> {
  if (calls > NUMBERS) return undefined
  const address = target.counted
  const counts = await callee.evaluate(
    async (to) => [...new Uint16Array((await glia.call(to)).slice().buffer)],
    address,
  )
  let double = 0
  for (let number = 0; number < calls; number++) double += Math.max(0, (counts[number * 2] ?? 0) - 1)
  return double
}
