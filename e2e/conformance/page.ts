// Runs in a page beside the built app, and runs a test as any page runs a program: by `glia/wasi`.
import { runWasi } from '../../src/tab/run-wasi.ts'
import type { TierName } from '../../src/actors/worker/worker-api.ts'
import type { SuiteProgram } from './suite.ts'

/** What came of a test. */
export interface Ran {
  /** undefined if it did not come to its end. */
  exitCode: number | undefined
  /** Why it did not. */
  failure: string
  stdout: string
  stderr: string
}

declare global {
  var runTest: (program: SuiteProgram, tier: TierName, timeoutMs: number) => Promise<Ran>
}

globalThis.runTest = async ({ wasm, args, env, root }, tier, timeoutMs) => {
  const [stdout, stderr] = [new Text(), new Text()]
  const module = await WebAssembly.compile(Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0)))
  const ran = { exitCode: undefined as number | undefined, failure: '' }
  try {
    const { exitCode } = await runWasi(module, {
      workerScript: 'actor.js',
      args,
      env,
      files: root,
      tier,
      onStdout: (bytes) => stdout.add(bytes),
      onStderr: (bytes) => stderr.add(bytes),
      signal: AbortSignal.timeout(timeoutMs),
    })
    ran.exitCode = exitCode
  } catch (thrown) {
    ran.failure = thrown instanceof Error ? thrown.message : String(thrown)
  }
  return { ...ran, stdout: stdout.all, stderr: stderr.all }
}

class Text {
  readonly #decoder = new TextDecoder()
  all = ''

  add(bytes: Uint8Array): void {
    this.all += this.#decoder.decode(bytes, { stream: true })
  }
}
