// Many requests at once from one page, while its service worker is stopped again and again.
import type { Page } from '@playwright/test'
import { Random } from '../random.ts'
import { devtools, local, spawn } from '../tab.ts'
import { inTime } from './in-time.ts'

declare global {
  /** Calls that have come to something, in the page. */
  var stormReplies: number
}

export interface StormInit {
  calls: number
  /** Each request carries an `Idempotency-Key`, and is sent again with it when it got no whole answer. */
  keyed: boolean
  seed: number
}

/** What came of the calls, in numbers of calls. */
export interface StormOutcome {
  ok: number
  /** Answered with an error of Glia. */
  typed: number
  /** `fetch` rejected, or the reply broke off, without a key to try again with. */
  broken: number
  /** The reply of another request, or a part of one. */
  wrong: number
  /** The reply says that they ran, and they did not. */
  notRun: number
  /** Runs beyond one for each call. */
  double: number
  /** How often the service worker was stopped. */
  stops: number
  /** What the last try of each call got that is not ok: the code of an error, or why `fetch` or the reply failed. */
  reasons: Record<string, number>
}

/** What a call came to, in the page. */
interface CallEnd {
  what: 'ok' | 'typed' | 'broken' | 'wrong'
  reason?: string
}

interface PlannedCall {
  number: number
  bytes: number
  method: 'echo' | 'sum'
  key: string
}

/** Sizes of messages, in bytes: small ones travel with the call, others in pieces. */
const SIZES = [32, 32, 32, 500, 5_000, 60_000, 70_000, 300_000, 1024 * 1024, 4 * 1024 * 1024]
const IN_FLIGHT = 12
/** What takes longer than this, in ms, never ends. */
const STORM_MS = 20 * 60_000

/**
 * Different requests, equal requests (same bytes, keys of their own), and repeated requests (same bytes, same key), all to one
 * process. @throws {Error} if the tab cannot tell what ran.
 */
export async function storm(tab: Page, { calls, keyed, seed }: StormInit): Promise<StormOutcome> {
  const random = new Random(seed)
  const pid = await spawn(tab, 'tally')
  const planned = plan(calls, keyed, random)
  const ending = new AbortController()
  const sendUntilEnd = async (): Promise<CallEnd[]> => {
    try {
      return await tab.evaluate(sendAll, {
        planned,
        keyed,
        inFlight: IN_FLIGHT,
        paths: { echo: local(pid, 'echo'), sum: local(pid, 'sum') },
      })
    } finally {
      ending.abort()
      await tab.evaluate(() => (globalThis.stormReplies = Infinity))
    }
  }
  const storming = Promise.all([sendUntilEnd(), stopWorkerAgainAndAgain(tab, random, ending.signal)])
  const [told, stops] = await inTime(storming, STORM_MS, 'the storm does not end')
  const counts = await tab.evaluate(
    async (path) => [...new Uint16Array((await glia.call(path)).slice().buffer)],
    local(pid, 'counted'),
  )
  if (counts.length === 0) throw new Error('the guest lost its counts')
  const wanted = new Map<number, Set<string>>()
  const toldOk = new Map<number, Set<string>>()
  for (const [i, { number, key }] of planned.entries()) {
    add(wanted, number, key)
    if (told[i]?.what === 'ok') add(toldOk, number, key)
  }
  let double = 0
  let notRun = 0
  for (const [number, keys] of wanted) {
    const began = counts[number * 2] ?? 0
    double += Math.max(0, began - keys.size)
    notRun += Math.max(0, (toldOk.get(number)?.size ?? 0) - began)
  }
  const count = (kind: CallEnd['what']): number => told.filter(({ what }) => what === kind).length
  const reasons: Record<string, number> = {}
  for (const { reason } of told) if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1
  const outcome = { ok: count('ok'), typed: count('typed'), broken: count('broken'), wrong: count('wrong') }
  return { ...outcome, notRun, double, stops, reasons }
}

function add(to: Map<number, Set<string>>, number: number, key: string): void {
  const keys = to.get(number) ?? new Set()
  to.set(number, keys.add(key))
}

/** Half of the calls are unlike all others, a quarter equals one before it, and of those with keys a tenth is one before it. */
function plan(calls: number, keyed: boolean, random: Random): PlannedCall[] {
  const planned: PlannedCall[] = []
  for (let number = 0; planned.length < calls; number++) {
    const before = planned.length > 0 ? random.pick(planned.slice(-IN_FLIGHT)) : undefined
    const dice = random.below(20)
    if (before && keyed && dice < 2) planned.push(before)
    else if (before && dice < 7) planned.push({ ...before, key: `"${seedKey(random)}"` })
    else {
      const bytes = random.pick(SIZES)
      planned.push({ number, bytes, method: random.pick(['echo', 'sum']), key: `"${seedKey(random)}"` })
    }
  }
  return planned
}

function seedKey(random: Random): string {
  return random
    .bytes(12)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** @returns how often. */
async function stopWorkerAgainAndAgain(tab: Page, random: Random, signal: AbortSignal): Promise<number> {
  const session = await devtools(tab)
  await session.send('ServiceWorker.enable')
  let stops = 0
  for (let next = 1; !signal.aborted; next += 1 + random.below(12)) {
    // Counted in replies, not in time: on a busy machine nothing would ever get through.
    await tab.waitForFunction((wanted) => globalThis.stormReplies >= wanted, next, { timeout: STORM_MS })
    await new Promise((resolve) => setTimeout(resolve, random.below(50)))
    await session.send('ServiceWorker.stopAllWorkers')
    stops += 1
  }
  await session.detach()
  return stops
}

/** Runs in the page. @returns what each call came to. */
async function sendAll(init: {
  planned: PlannedCall[]
  keyed: boolean
  inFlight: number
  paths: Record<'echo' | 'sum', string>
}): Promise<CallEnd[]> {
  const { planned, keyed, inFlight, paths } = init
  const TRIES = 20
  const bodyOf = ({ number, bytes }: PlannedCall): Uint8Array<ArrayBuffer> => {
    const body = tools.pattern(bytes, number * 977)
    new DataView(body.buffer).setUint32(0, number, true)
    return body
  }
  const isReply = (call: PlannedCall, sent: Uint8Array, reply: Uint8Array): boolean => {
    if (call.method === 'echo') return reply.length === sent.length && reply.every((byte, i) => byte === sent[i])
    let hash = 0x811c9dc5
    for (const byte of sent) hash = Math.imul(hash ^ byte, 0x01000193)
    return new TextDecoder().decode(reply) === `${call.number} ${sent.length} ${hash >>> 0}`
  }
  const send = async (call: PlannedCall): Promise<CallEnd> => {
    const body = bodyOf(call)
    const headers: Record<string, string> = keyed ? { 'idempotency-key': call.key } : {}
    let end: CallEnd = { what: 'broken' }
    for (let tries = 0; tries < (keyed ? TRIES : 1); tries++) {
      try {
        const response = await fetch(paths[call.method], { method: 'POST', body, headers })
        const reply = new Uint8Array(await response.arrayBuffer())
        if (response.status === 200) return { what: isReply(call, body, reply) ? 'ok' : 'wrong' }
        const { code } = JSON.parse(new TextDecoder().decode(reply)) as { code: string }
        end = { what: 'typed', reason: code }
        // A busy machine may be late: with its key the request can be sent again.
        if (!keyed || response.status < 502) return end
      } catch (thrown) {
        // The service worker was stopped before the head, or in the middle of the reply.
        end = { what: 'broken', reason: String(thrown) }
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return end
  }
  const told: CallEnd[] = []
  let next = 0
  globalThis.stormReplies = 0
  const sender = async (): Promise<void> => {
    for (let i = next++; i < planned.length; i = next++) {
      const one = planned[i]
      if (one) told[i] = await send(one)
      globalThis.stormReplies += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
  return told
}
