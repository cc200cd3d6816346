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

/** The turns of one sender. */
interface Lane {
  readonly proc: Proc
  /** Messages that run or wait. */
  messages: number
}

/**
 * The system process of a peer. It takes one message at a time *of each sender*: it may wait for a process that sends it
 * a message meanwhile, as for the end of a message before a snapshot.
 */
export class SysProc extends Proc {
  readonly #init: SysProcInit
  readonly #lanes = new Map<string, Lane>()

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
    return this.#lanes.size > 0
  }

  /** Ends it: messages that run or wait, and later ones, fail with the error. */
  override close(error: GliaError): void {
    super.close(error)
    for (const { proc } of this.#lanes.values()) proc.close(error)
  }

  /**
   * After {@link close}: resolves when what its messages have begun is over, such as a spawn that is undone, and what came
   * of the last reminders is kept. Never rejects.
   */
  settled(): Promise<void> {
    return this.#init.settled()
  }

  override async deliver(stream: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    if (this.state === 'dead') this.admit(stream)
    const sender = `${stream.caller} ${stream.context.client ?? ''}`
    const lane = this.#lanes.get(sender) ?? this.#newLane()
    lane.proc.policy = this.policy
    lane.messages += 1
    this.#lanes.set(sender, lane)
    try {
      await lane.proc.deliver(stream, arrival, note)
    } finally {
      lane.messages -= 1
      if (lane.messages === 0) this.#lanes.delete(sender)
      if (!this.isBusy) this.#init.idle?.()
    }
  }

  #newLane(): Lane {
    const proc = new Proc(partsOf(this.#init))
    proc.calls = this.calls
    return { proc, messages: 0 }
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
