import type { RunStatus } from '../../../src/actors/worker/control.ts'
import type { Program } from '../../../src/actors/worker/worker-api.ts'
import type { GuestCall } from '../wasi/guard.ts'

/** The functions that a guest imports, by module and name. */
export interface GuestImports {
  wasi_snapshot_preview1: Record<string, GuestCall>
  env: Record<string, (...values: never[]) => unknown>
}

/** An instance, once it is made. */
export interface CurrentGuest {
  guest?: { exports: WebAssembly.Exports & { memory: WebAssembly.Memory } }
}

/** Writes down what guests do and are told. Most workers have none. */
export interface Recorder {
  /** An instance is about to be made. @returns its imports, which write down each call. */
  watch(imports: GuestImports, current: CurrentGuest, program: Program): GuestImports
  /** A method is about to run. */
  begin(method: string): void
  /** It has ended. */
  end(status: RunStatus, code: number): void
}
