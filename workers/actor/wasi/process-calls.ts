import { wasi, WASIProcExit } from '@bjorn3/browser_wasi_shim'
import type { WasiContext } from './context.ts'
import type { WasiCall } from './guard.ts'
import type { GuestMemory } from './guest-memory.ts'
import { WasiError } from './wasi-error.ts'

/** Most bytes that crypto.getRandomValues gives at once. */
const MAX_RANDOM = 65_536
/** Steps of the clocks, in ns: `Date.now` counts ms, and `performance.now` steps of 5 µs in an isolated page. */
const REALTIME_STEP = 1_000_000n
const MONOTONIC_STEP = 5_000n
export const NS_PER_MS = 1e6

const LAST_SIGNAL = 30
/** Signals that a process without a handler ignores: none, CHLD, CONT, URG, WINCH. */
const IGNORED_SIGNALS: ReadonlySet<number> = new Set([0, 16, 17, 22, 27])

/** The functions for arguments, environment, clocks, random numbers, and the process's end. */
export function processCalls(context: WasiContext, args: readonly string[], env: readonly string[]) {
  const { memory } = context
  return {
    ...listCalls(memory, args, { sizes: 'args_sizes_get', get: 'args_get' }),
    ...listCalls(memory, env, { sizes: 'environ_sizes_get', get: 'environ_get' }),
    clock_res_get(clock: number, result: number): void {
      memory.setU64(result, isRealtime(clock) ? REALTIME_STEP : MONOTONIC_STEP)
    },
    clock_time_get(clock: number, _precision: bigint, result: number): void {
      // A double cannot hold a time of day in ns: it would be up to 128 ns early, and so in the millisecond before.
      const ns = isRealtime(clock) ? BigInt(Date.now()) * BigInt(NS_PER_MS) : monotonicNs(context)
      memory.setU64(result, ns)
    },
    random_get(at: number, length: number): void {
      const bytes = memory.bytes(at, length)
      for (let done = 0; done < bytes.length; done += MAX_RANDOM) {
        crypto.getRandomValues(bytes.subarray(done, done + MAX_RANDOM))
      }
    },
    sched_yield(): void {},
    proc_exit(code: number): void {
      throw new WASIProcExit(code)
    },
    proc_raise(signal: number): void {
      if (signal < 0 || signal > LAST_SIGNAL) throw new WasiError(wasi.ERRNO_INVAL)
      if (IGNORED_SIGNALS.has(signal)) return
      // Not an exit with the shell's code of 128 + signal: the process has not cleaned up.
      throw new WebAssembly.RuntimeError(`the guest raised signal ${signal}`)
    },
  } satisfies Record<string, WasiCall>
}

/** The guest's monotonic clock, in ns. */
export function monotonicNs({ clockAheadMs }: Pick<WasiContext, 'clockAheadMs'>): bigint {
  return BigInt(Math.round((performance.now() + clockAheadMs) * NS_PER_MS))
}

function isRealtime(clock: number): boolean {
  if (clock === wasi.CLOCKID_REALTIME) return true
  if (clock === wasi.CLOCKID_MONOTONIC) return false
  const isKnown = clock === wasi.CLOCKID_PROCESS_CPUTIME_ID || clock === wasi.CLOCKID_THREAD_CPUTIME_ID
  throw new WasiError(isKnown ? wasi.ERRNO_NOTSUP : wasi.ERRNO_INVAL)
}

/** The two functions for a list of texts, each of which ends with a zero. */
function listCalls(memory: GuestMemory, texts: readonly string[], names: { sizes: string; get: string }) {
  const encoder = new TextEncoder()
  const encoded = texts.map((text) => encoder.encode(`${text}\0`))
  const length = encoded.reduce((sum, bytes) => sum + bytes.length, 0)
  return {
    [names.sizes](count: number, size: number): void {
      memory.setU32(count, encoded.length)
      memory.setU32(size, length)
    },
    [names.get](pointers: number, target: number): void {
      let at = memory.check(target, length)
      encoded.forEach((bytes, i) => {
        memory.setU32((pointers >>> 0) + i * 4, at)
        memory.bytes(at, bytes.length).set(bytes)
        at += bytes.length
      })
    },
  } satisfies Record<string, WasiCall>
}
