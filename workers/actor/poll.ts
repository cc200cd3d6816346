import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Stdio } from './stdio.ts'

/** Sizes and offsets of `subscription` and `event` (WASI preview 1 witx). */
const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
const NS_PER_MS = 1e6

interface PollCall {
  subscriptions: number
  events: number
  count: number
  /** Where the number of events goes. */
  done: number
}

interface Pollable {
  stdio: Stdio
  /** 'stdin' may have to wait; every other open descriptor is ready at once. */
  kind(fd: number): 'stdin' | 'ready' | 'closed'
}

interface Event {
  userdata: bigint
  type: number
  errno: number
  bytes: bigint
}

/**
 * poll_oneoff over clocks and descriptors: sleeps instead of spinning, and answers as soon as anything is ready.
 * @returns an errno, or a promise of it where the guest can be suspended.
 */
export function pollOneoff(memory: DataView, call: PollCall, pollable: Pollable): number | Promise<number> {
  if (call.count === 0) return wasi.ERRNO_INVAL
  const wait = remaining(memory, call)
  if (ready(memory, call, pollable, wait.at).length === 0) {
    const waited = pollable.stdio.wait(wait.ms, wait.at.size < call.count)
    if (waited) return waited.then(() => finish(memory, call, pollable, wait.at))
  }
  return finish(memory, call, pollable, wait.at)
}

function finish(memory: DataView, call: PollCall, pollable: Pollable, clockAt: ClockAt): number {
  const events = ready(memory, call, pollable, clockAt)
  // An empty answer would send the guest into a loop of polls.
  if (events.length === 0 && pollable.stdio.broken) return wasi.ERRNO_CANCELED
  events.forEach(({ userdata, type, errno, bytes }, i) => {
    const at = call.events + i * EVENT_BYTES
    memory.setBigUint64(at, userdata, true)
    memory.setUint16(at + 8, errno, true)
    memory.setUint8(at + 10, type)
    memory.setBigUint64(at + 16, bytes, true)
    memory.setUint16(at + 24, 0, true)
  })
  memory.setUint32(call.done, events.length, true)
  return wasi.ERRNO_SUCCESS
}

/** When each clock subscription (by its index) is over, on the monotonic clock, in ms. */
type ClockAt = ReadonlyMap<number, number>

function remaining(memory: DataView, { subscriptions, count }: PollCall): { ms: number; at: ClockAt } {
  const now = performance.now()
  const at = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const sub = subscriptions + i * SUBSCRIPTION_BYTES
    if (memory.getUint8(sub + 8) !== wasi.EVENTTYPE_CLOCK) continue
    const realtime = memory.getUint32(sub + 16, true) === wasi.CLOCKID_REALTIME
    const timeoutMs = Number(memory.getBigUint64(sub + 24, true)) / NS_PER_MS
    const absolute = (memory.getUint16(sub + 40, true) & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0
    at.set(i, absolute ? now + timeoutMs - (realtime ? Date.now() : now) : now + timeoutMs)
  }
  // No clock: wait for ever; a clock in the past: do not wait.
  return { ms: Math.max(0, Math.min(Infinity, ...at.values()) - now), at }
}

function ready(memory: DataView, { subscriptions, count }: PollCall, pollable: Pollable, clockAt: ClockAt): Event[] {
  const events: Event[] = []
  // A timer that waited to its end may wake a hair early.
  const now = performance.now() + 0.5
  for (let i = 0; i < count; i++) {
    const sub = subscriptions + i * SUBSCRIPTION_BYTES
    const userdata = memory.getBigUint64(sub, true)
    const type = memory.getUint8(sub + 8)
    const event: Event = { userdata, type, errno: wasi.ERRNO_SUCCESS, bytes: 0n }
    const clock = clockAt.get(i)
    if (clock !== undefined) {
      if (clock <= now) events.push(event)
      continue
    }
    const kind = pollable.kind(memory.getUint32(sub + 16, true))
    if (kind === 'closed') events.push({ ...event, errno: wasi.ERRNO_BADF })
    else if (kind === 'stdin' && type === wasi.EVENTTYPE_FD_READ) {
      if (pollable.stdio.readable) events.push({ ...event, bytes: BigInt(pollable.stdio.available) })
    } else events.push(event)
  }
  return events
}
