import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Stdio } from '../carrier/stdio.ts'
import type { WasiContext } from './context.ts'
import { type Descriptor, type Later, NOT_READY } from './descriptor.ts'
import type { GuestMemory } from './guest-memory.ts'
import { WasiError } from './wasi-error.ts'

/** Sizes and offsets of `subscription` and `event` (WASI preview 1 witx). */
const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
const NS_PER_MS = 1e6
/** Most subscriptions of one call. No program needs more. */
const MAX_SUBSCRIPTIONS = 4096
/** Shortest wait after a timer that was early, in ms. */
const MIN_WAIT_MS = 0.05

interface PollCall {
  subscriptions: number
  events: number
  count: number
  /** Place for the number of events. */
  done: number
}

interface Subscription {
  userdata: bigint
  type: number
  /** The error of a subscription. It is answered at once. */
  errno: number
  /** When a clock is over, on the clock of `performance.now`; Infinity for other subscriptions. */
  at: number
  /** Ready bytes, or NOT_READY. */
  ready(): number
}

/** poll_oneoff over clocks and descriptors. It sleeps instead of spinning, and answers as soon as anything is ready. */
export function pollOneoff(context: WasiContext, call: PollCall): Later<void> {
  const { memory, stdio } = context
  const count = call.count >>> 0
  if (count === 0 || count > MAX_SUBSCRIPTIONS) throw new WasiError(wasi.ERRNO_INVAL)
  const from = memory.check(call.subscriptions, count * SUBSCRIPTION_BYTES)
  const to = memory.check(call.events, count * EVENT_BYTES)
  memory.check(call.done, 4)
  const now = performance.now()
  const all = Array.from({ length: count }, (_, i) => subscription(context, from + i * SUBSCRIPTION_BYTES, now))

  const finish = (): void => {
    const written = writeEvents(memory, to, all)
    // An empty answer would send the guest into a loop of polls.
    if (written === 0 && stdio.call.failed) throw new WasiError(wasi.ERRNO_CANCELED)
    memory.setU32(call.done, written)
  }
  const isReady = (): boolean => stdio.call.failed || all.some((one) => one.ready() !== NOT_READY)
  const until = Math.min(...all.map(({ at }) => at))
  return waitUntilReady(stdio, isReady, until, finish)
}

/** Timers may be early. A guest that is woken too soon finds that it has slept less than it asked for. */
function waitUntilReady(stdio: Stdio, isReady: () => boolean, until: number, finish: () => void): Later<void> {
  for (;;) {
    const waited = stdio.waitFor(isReady, Math.max(until - performance.now(), MIN_WAIT_MS))
    if (waited instanceof Promise) {
      return waited.then(() => (isReady() ? finish() : waitUntilReady(stdio, isReady, until, finish)))
    }
    if (isReady()) return finish()
  }
}

function subscription(context: WasiContext, at: number, now: number): Subscription {
  const { memory } = context
  const userdata = memory.u64(at)
  const type = memory.u8(at + 8)
  if (type === wasi.EVENTTYPE_CLOCK) return { userdata, type, ...clock(context, at + 16, now) }
  const isFile = type === wasi.EVENTTYPE_FD_READ || type === wasi.EVENTTYPE_FD_WRITE
  if (!isFile) return { userdata, type, ...failed(wasi.ERRNO_INVAL) }
  try {
    const descriptor = context.table.get(memory.u32(at + 16))
    return { userdata, type, ...file(descriptor, type === wasi.EVENTTYPE_FD_READ) }
  } catch (thrown) {
    if (thrown instanceof WasiError) return { userdata, type, ...failed(thrown.errno) }
    throw thrown
  }
}

type Waiting = Pick<Subscription, 'errno' | 'at' | 'ready'>

function clock({ memory, clockAheadMs }: WasiContext, at: number, now: number): Waiting {
  const id = memory.u32(at)
  if (id !== wasi.CLOCKID_REALTIME && id !== wasi.CLOCKID_MONOTONIC) return failed(wasi.ERRNO_INVAL)
  const timeoutMs = Number(memory.u64(at + 8)) / NS_PER_MS
  const isAbsolute = (memory.u16(at + 24) & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0
  const passed = isAbsolute ? (id === wasi.CLOCKID_REALTIME ? Date.now() : now + clockAheadMs) : 0
  const over = now + timeoutMs - passed
  return { errno: 0, at: over, ready: () => (over <= performance.now() ? 0 : NOT_READY) }
}

function file(descriptor: Descriptor, reads: boolean): Waiting {
  if ((descriptor.rights & wasi.RIGHTS_POLL_FD_READWRITE) === 0) return failed(wasi.ERRNO_NOTCAPABLE)
  return { errno: 0, at: Infinity, ready: () => (reads ? descriptor.readable() : descriptor.writable()) }
}

function failed(errno: number): Waiting {
  return { errno, at: Infinity, ready: () => 0 }
}

/** @returns the number of events. */
function writeEvents(memory: GuestMemory, to: number, all: readonly Subscription[]): number {
  let at = to
  for (const { userdata, type, errno, ready } of all) {
    const bytes = ready()
    if (bytes === NOT_READY) continue
    memory.setU64(at, userdata)
    memory.setU16(at + 8, errno)
    memory.setU8(at + 10, type)
    memory.setU64(at + 16, BigInt(Math.min(bytes, Number.MAX_SAFE_INTEGER)))
    memory.setU16(at + 24, 0)
    at += EVENT_BYTES
  }
  return (at - to) / EVENT_BYTES
}
