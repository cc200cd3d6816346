import { inspectModule } from '../../actors/module/inspect.ts'
import { ProcessLog } from '../../actors/table/process-log.ts'
import { startWorkerActor } from '../../actors/worker/worker-actor.ts'
import { installErrorTransfer } from '../../actors/worker/comlink-errors.ts'
import type { Logger } from '../../glia/log.ts'
import type { Pid } from '../../glia/pid.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { Proc } from '../../glia/process/proc.ts'
import { makeRestart } from '../../glia/process/restart.ts'
import { threadWorker } from './thread-worker.ts'

export interface RootInit {
  readonly pid: Pid
  readonly peerId: string
  /** Bytes of the bundled module. */
  readonly module: Uint8Array<ArrayBuffer>
  /** The actor worker's script, built for a thread. */
  readonly workerScript: URL
  readonly log: Logger
}

const NAME = 'root'
/** Everybody may call it through the gateway, and nobody can put it down. */
const RESTART = makeRestart({ intensity: 10_000 })
const LIMITS = { maxOpenFiles: DEFAULT_POLICY.maxOpenFiles, maxCalls: 0 }

/** The one process of this server. Every peer has one. Its thread starts with the first message. */
export async function createRoot({ pid, peerId, module: bytes, workerScript, log }: RootInit): Promise<Proc> {
  const { module, memoryLimitBytes, methods } = await inspectModule(bytes, DEFAULT_POLICY.maxMemoryBytes)
  installErrorTransfer()
  const guestLog = new ProcessLog(() => undefined)
  return new Proc({
    pid,
    name: NAME,
    methods,
    policy: DEFAULT_POLICY,
    restart: RESTART,
    start: (signal) =>
      startWorkerActor({
        program: { module, args: [NAME], env: [`WW_PID=${pid}`, `WW_PEER=${peerId}`], methods, limits: LIMITS },
        memoryLimitBytes,
        tier: 'rings',
        createWorker: async () => threadWorker(workerScript),
        onStderr: (written) => guestLog.write(written),
        onTrap: (frames) => log.warn('the root process trapped', ...frames),
        onStopped: () => undefined,
        signal,
      }),
    observer: {
      changed: () => undefined,
      exited: () => undefined,
      note: (line) => log.debug(`root: ${line}`),
      failed: (error) => log.debug(`root: ${error.message} ${error.code}`),
    },
  })
}
