import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Later } from './descriptor.ts'
import type { GuestMemory } from './guest-memory.ts'
import { WasiError } from './wasi-error.ts'

/** A WASI function in this code: it throws {@link WasiError}. Numbers arrive as WebAssembly gives them. */
export type WasiCall = (...values: never[]) => Later<void>
/** The same as a guest imports it: it returns an errno. */
export type GuestCall = (...values: never[]) => Later<number>

/** The one place where an error becomes a result. Anything other than a {@link WasiError} is a trap. */
export function guard(call: WasiCall, memory: GuestMemory): GuestCall {
  return (...values) => {
    memory.refresh()
    try {
      const done = call(...values)
      return done instanceof Promise ? done.then(() => wasi.ERRNO_SUCCESS, errnoOf) : wasi.ERRNO_SUCCESS
    } catch (thrown) {
      return errnoOf(thrown)
    }
  }
}

function errnoOf(thrown: unknown): number {
  if (thrown instanceof WasiError) return thrown.errno
  throw thrown
}
