// Runs in a page beside the built app, and runs a test in a worker of the app as the app would run a command.
import { installErrorTransfer } from '../../src/actors/worker/comlink-errors.ts'
import { startWorkerActor } from '../../src/actors/worker/worker-actor.ts'
import type { TierName } from '../../src/actors/worker/worker-api.ts'
import { NO_CONTEXT } from '../../src/glia/call-context.ts'
import { workerScript } from '../../src/tab/worker-script.ts'
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

installErrorTransfer()
const createWorker = workerScript(new URL('actor.js', document.baseURI).href, (url) => new Worker(url))

globalThis.runTest = async ({ wasm, args, env, root }, tier, timeoutMs) => {
  const [stdout, stderr] = [new Text(), new Text()]
  const module = await WebAssembly.compile(Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0)))
  const actor = await startWorkerActor({
    program: { module, args, env, root, methods: ['_start'], limits: { maxOpenFiles: 100, maxCalls: 0 } },
    memoryLimitBytes: undefined,
    tier,
    createWorker,
    onStderr: (bytes) => stderr.add(bytes),
    onTrap: (frames) => stderr.add(new TextEncoder().encode(frames.join('\n'))),
    onStopped: () => undefined,
    signal: AbortSignal.timeout(timeoutMs),
  })
  const late = setTimeout(() => actor.stop(), timeoutMs)
  const ran = { exitCode: 0 as number | undefined, failure: '' }
  try {
    await actor.run('_start', {
      read: async () => null,
      write: async (bytes) => stdout.add(bytes),
      closeRead: () => undefined,
      closeWrite: () => undefined,
      signal: new AbortController().signal,
      context: NO_CONTEXT,
    })
  } catch (thrown) {
    const { exited } = actor
    ran.exitCode = exited?.type === 'exited' ? exited.code : undefined
    ran.failure = thrown instanceof Error ? thrown.message : String(thrown)
  }
  // What it wrote last to stderr comes on its own way.
  await new Promise((resolve) => setTimeout(resolve))
  clearTimeout(late)
  actor.stop()
  return { ...ran, stdout: stdout.all, stderr: stderr.all }
}

class Text {
  readonly #decoder = new TextDecoder()
  all = ''

  add(bytes: Uint8Array): void {
    this.all += this.#decoder.decode(bytes, { stream: true })
  }
}
