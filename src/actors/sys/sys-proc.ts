import type { CallNote } from '../../glia/call-note.ts'
import type { GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { systemPid } from '../../glia/pid.ts'
import type { Actor } from '../../glia/process/actor.ts'
import type { Arrival } from '../../glia/process/arriving-stream.ts'
import type { Callers } from '../../glia/process/callers.ts'
import { makePolicy } from '../../glia/process/policy.ts'
import { Proc } from '../../glia/process/proc.ts'
import { makeRestart } from '../../glia/process/restart.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import type { OrderLanes } from './order-lanes.ts'

/** The methods of the system process. They are known here, so that their code can be loaded with the first message. */
export const SYS_METHODS = [
  'spawn',
  'restore',
  'list',
  'keys',
  'kill',
  'restart',
  'swap',
  'undo',
  'policy',
  'checkpoint',
  'snapshot',
  'snapshots',
  'rewind',
  'export',
  'import',
  'files',
  'read',
  'remove',
  'module',
  'provide',
  'remind',
  'reminders',
  'forget',
  'logs',
] as const
export type SysMethod = (typeof SYS_METHODS)[number]

export interface SysProcInit {
  readonly peerId: string
  /** Who may send it messages at all. Its methods look at what a sender may do. */
  readonly callers: Callers
  /** Largest module, snapshot or archive, either way, in bytes. */
  readonly maxBodyBytes: number
  readonly log: Logger
  /** Called when it has no message any more. Left out: nobody is told. */
  idle?(): void
  /** Loads the methods. */
  load(): Promise<Actor>
  /** Resolves when nothing that its messages have begun is under way, or after a limit. Never rejects. */
  settled(): Promise<void>
}

/**
 * The system process of a peer. It takes one message at a time *of each sender for each target* ({@link OrderLanes}).
 */
export class SysProc extends Proc {
  readonly #init: SysProcInit
  #lanes: OrderLanes | undefined
  /** Messages that run or wait. */
  #orders = 0

  constructor(init: SysProcInit) {
    super(partsOf(init))
    this.#init = init
  }

  /** Changes who may send it messages. Counts from now on. */
  set callers(callers: Callers) {
    this.policy = { ...this.policy, callers }
  }

  /** Whether messages run or wait. */
  get isBusy(): boolean {
    return this.#orders > 0
  }

  /** Ends it: messages that run or wait, and later ones, fail with the error. */
  override close(error: GliaError): void {
    super.close(error)
    this.#lanes?.close(error)
  }

  /**
   * After {@link close}: resolves when what its messages have begun is over, such as a spawn that is undone, and what came
   * of the last reminders is kept. Never rejects.
   */
  settled(): Promise<void> {
    return this.#init.settled()
  }

  override async deliver(stream: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    this.admit(stream)
    this.#orders += 1
    try {
      const { OrderLanes: Loaded } = await import('./order-lanes.ts')
      this.#lanes ??= new Loaded({
        newProc: () => {
          const proc = new Proc(partsOf(this.#init))
          proc.calls = this.calls
          return proc
        },
        policy: () => this.policy,
        admit: (given) => this.admit(given),
        refused: (given, thrown) => this.refused(given, thrown),
      })
      await this.#lanes.deliver(stream, arrival, note)
    } finally {
      this.#orders -= 1
      if (!this.isBusy) this.#init.idle?.()
    }
  }
}

function partsOf({ peerId, callers, maxBodyBytes, log, load }: SysProcInit): ConstructorParameters<typeof Proc>[0] {
  return {
    pid: systemPid(peerId),
    name: 'sys',
    methods: SYS_METHODS,
    // A spawn may take as long as its module takes to compile.
    policy: makePolicy({ callers, deadlineMs: 120_000, maxMessageBytes: maxBodyBytes, maxReplyBytes: maxBodyBytes }),
    restart: makeRestart(),
    start: load,
    observer: {
      changed: () => undefined,
      exited: () => undefined,
      // An instance lives as long as its sender has messages, so each message would have a line.
      note: () => undefined,
      failed: ({ code, message }) => {
        // Anybody can ask, and the recorded call tells who did.
        if (code !== 'ERR_DENIED') log.warn(`sys: ${message} ${code}`)
      },
    },
  }
}
