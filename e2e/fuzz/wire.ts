// What Node lacks, before the session.
// oxlint-disable-next-line import/no-unassigned-import
import '../../src/node/polyfill.ts'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { mutantProperty } from '../../src/glia/session/test-mutant-run.ts'
import { programProperty } from '../../src/glia/session/test-session-run.ts'
import { strangerProperty } from '../../src/mesh/test-strangers.ts'

/** What runs in this process, without a browser: properties that the unit tests try a few times. */
const CHECKS = {
  session: check(programProperty),
  frames: check(mutantProperty),
  strangers: check(strangerProperty),
}

type Name = keyof typeof CHECKS

interface CheckInit {
  seed: number
  numRuns: number
  path?: string
}

export interface WireInit {
  name: Name
  count: number
  seed: number
  /** Of a failure: leads to the same case again. */
  path?: string | undefined
  say(line: string): void
}

const PARTS = 10
/** Growth of the heap between the first part and the last one that is no leak: compiled code, and what engines keep. In bytes. */
const GROWTH_BYTES = 8 * 2 ** 20

export const WIRE_NAMES = Object.keys(CHECKS) as Name[]

/** Tries a property in parts. @returns whether it held each time, and no memory was lost. */
export async function fuzzWire({ name, count, seed, path, say }: WireInit): Promise<boolean> {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): unknown => rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  const heaps: number[] = []
  const part = Math.ceil(count / PARTS)
  for (let done = 0; done < count; done += part) {
    const numRuns = Math.min(part, count - done)
    // oxlint-disable-next-line no-await-in-loop -- one part after the other
    const failure = await CHECKS[name]({ seed: seed + done, numRuns, ...(path !== undefined && { path }) })
    if (failure) {
      say(
        `${failure.report}\nnpm run fuzz -- ${name} 1 ${failure.seed} ${failure.path}\n${done + failure.passed}/${count}`,
      )
      return false
    }
    heaps.push(heapBytes())
    say(`${done + numRuns} tried, ${(heaps.at(-1) ?? 0) / 1e6} MB of heap`)
  }
  process.off('unhandledRejection', onRejection)
  for (const reason of rejections) say(`UNHANDLED ${reason instanceof Error ? reason.stack : String(reason)}`)
  const grownBytes = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0)
  if (grownBytes > GROWTH_BYTES) say(`LEFT OVER ${grownBytes} bytes of heap`)
  say(`${count}/${count}`)
  return rejections.length === 0 && grownBytes <= GROWTH_BYTES
}

interface Failure {
  report: string
  seed: number
  path: string
  passed: number
}

/** Tries a property. The function returns the first failure, made as small as it can be. */
function check<T>(make: () => Promise<fc.IAsyncProperty<T>>): (init: CheckInit) => Promise<Failure | undefined> {
  let property: Promise<fc.IAsyncProperty<T>> | undefined
  return async (init) => {
    property ??= make()
    const details = await fc.check(await property, init)
    if (!details.failed) return undefined
    const report = `${fc.defaultReportMessage(details)}\n${String(details.errorInstance)}`
    // fast-check has seeds of 32 bits with a sign.
    const seed = details.seed >>> 0
    return { report, seed, path: details.counterexamplePath ?? '', passed: details.numRuns - 1 }
  }
}

/** What the heap holds after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
