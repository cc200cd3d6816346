import type { FileEntry } from '../actors/files/files-api.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'
import { chooseTier, detectFeatures } from '../actors/worker/tier.ts'
import { startWorkerActor } from '../actors/worker/worker-actor.ts'
import { NO_CONTEXT } from '../glia/call-context.ts'
import { concat } from '../glia/stream/concat.ts'
import { trustedScriptUrl } from './trusted.ts'
import { workerScript } from './worker-script.ts'

/** How a program is run. */
export interface RunWasiOptions {
  /** URL of the actor worker's script, on the page's origin. Left out: the file in the package. */
  workerScript?: string | URL | undefined
  /** Its arguments, its name first. */
  args?: readonly string[] | undefined
  /** `KEY=value` each. */
  env?: readonly string[] | undefined
  /** What `/` holds when it begins; null: it has no files at all. */
  files?: readonly FileEntry[] | null | undefined
  /** What it reads from stdin. */
  stdin?: ReadableStream<Uint8Array> | Uint8Array | undefined
  /** Gets what it writes, as it writes it. */
  onStdout?: ((bytes: Uint8Array) => void | Promise<void>) | undefined
  /** Gets what it writes to stderr. */
  onStderr?: ((bytes: Uint8Array) => void) | undefined
  /** How bytes travel: `rings`, `JSPI` or `buffered`. Left out, or if the page cannot have it: the best that it can. */
  tier?: string | null | undefined
  /** Ends it, in the middle of a loop too. */
  signal?: AbortSignal | undefined
}

/** How a program ended, and what it wrote. */
export interface WasiRun {
  exitCode: number
  /** All of it, unless `onStdout` took it. */
  stdout: Uint8Array
  stderr: Uint8Array
}

/** Runs a command in a worker of its own. */
export async function runWasi(
  module: WebAssembly.Module,
  {
    workerScript: script,
    args = ['program'],
    env = [],
    files = [],
    ...options
  }: RunWasiOptions & { workerScript: string | URL },
): Promise<WasiRun> {
  const { stdin, onStdout, onStderr, tier, signal = new AbortController().signal } = options
  installErrorTransfer()
  const [out, err]: Uint8Array[][] = [[], []]
  const over = new AbortController()
  const actor = await startWorkerActor({
    program: { module, args, env, root: files, methods: ['_start'], limits: { maxOpenFiles: 100, maxCalls: 0 } },
    memoryLimitBytes: undefined,
    tier: chooseTier(detectFeatures(), tier).name,
    createWorker: workerScript(new URL(script, document.baseURI).href, startWorker, over.signal),
    onStderr: (bytes) => (onStderr ? onStderr(bytes) : void err?.push(bytes.slice())),
    onTrap: (lines) => onStderr?.(new TextEncoder().encode(lines.join('\n'))),
    onStopped: () => over.abort(),
    signal,
  })
  const stop = (): void => actor.stop()
  signal.addEventListener('abort', stop, { once: true })
  const input = (stdin instanceof Uint8Array ? new Blob([stdin.slice()]).stream() : stdin)?.getReader()
  let exitCode = 0
  try {
    await actor.run('_start', {
      read: async () => (await input?.read())?.value ?? null,
      write: async (bytes) => (onStdout ? onStdout(bytes) : void out?.push(bytes.slice())),
      closeRead: () => undefined,
      closeWrite: () => undefined,
      signal,
      context: NO_CONTEXT,
    })
  } catch (thrown) {
    signal.throwIfAborted()
    const { exited } = actor
    if (exited?.type !== 'exited') throw thrown
    exitCode = exited.code
  } finally {
    signal.removeEventListener('abort', stop)
    // What it wrote last to stderr comes on its own way.
    await new Promise((resolve) => setTimeout(resolve))
    actor.stop()
  }
  return { exitCode, stdout: concat(out ?? []), stderr: concat(err ?? []) }
}

function startWorker(url: string): Worker {
  return new Worker(trustedScriptUrl(url), { name: 'glia wasi' })
}
