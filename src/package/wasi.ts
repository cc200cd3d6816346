/**
 * Runs WASI preview 1 programs in workers of your page, without a mesh: the runtime that passes all 72 tests of wasi-testsuite. The page's
 * origin serves `actor.js` with the headers of `headersFor('actor.js')` of `glia/node`, which keep programs off the network.
 *
 * ```js
 * import { runWasi } from 'glia/wasi'
 *
 * // (module (memory (export "memory") 1) (func (export "_start")))
 * const wasm = 'AGFzbQEAAAABBAFgAAADAgEABQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAAKBAECAAs='
 * const module = await WebAssembly.compile(Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0)))
 * const { exitCode, stdout } = await runWasi(module, { args: ['nothing'] })
 * console.log(exitCode, stdout.length) // 0 0
 * ```
 */
import { type RunWasiOptions, runWasi as run, type WasiRun } from '../tab/run-wasi.ts'

export type { FileEntry } from '../actors/files/files-api.ts'
export type { RunWasiOptions, WasiRun }

/**
 * Runs a command, a module with `_start`, in a worker of its own.
 * @throws {GliaError} ERR_START if it cannot be started; ERR_TRAPPED, ERR_OUT_OF_MEMORY; the signal's reason.
 */
export function runWasi(module: WebAssembly.Module, options: RunWasiOptions = {}): Promise<WasiRun> {
  const workerScript = options.workerScript ?? new URL(/* @vite-ignore */ '../dist/actor.js', import.meta.url)
  return run(module, { ...options, workerScript })
}
