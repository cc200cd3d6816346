import type { CallNote } from '../../glia/call-note.ts'
import { SILENCE_MS } from '../../glia/call-limits.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { systemPid } from '../../glia/pid.ts'
import type { Actor } from '../../glia/process/actor.ts'
import { type Arrival, ArrivingStream } from '../../glia/process/arriving-stream.ts'
import type { Callers } from '../../glia/process/callers.ts'
import { makePolicy } from '../../glia/process/policy.ts'
import { Proc } from '../../glia/process/proc.ts'
import { makeRestart } from '../../glia/process/restart.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import type { OrderTarget } from './order-target.ts'

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

/** Orders that need not wait for another one of their target: they only look, or end what runs. */
const APART: ReadonlySet<string> = new Set<SysMethod>([
  'list',
  'keys',
  'kill',
  'restart',
  'snapshots',
  'files',
  'read',
  'module',
  'reminders',
  'logs',
])
/** Orders of one sender that run or wait. A kill is not refused for their sake. */
const MAX_ORDERS = 256
/** Orders of one sender whose head has not come yet. Past this the one that came first is ended. */
const MAX_HEADS = 32

/** The turns of one sender, for one target. */
interface Lane {
  readonly proc: Proc
  /** Orders that run or wait. */
  orders: number
}

/** The turns of one sender. */
interface Sender {
  readonly lanes: Map<string, Lane>
  /** Orders that run or wait. */
  orders: number
}

/**
 * The system process of a peer. It takes one message at a time *of each sender for each target*: it may wait for a
 * process that sends it a message meanwhile, as for the end of a message before a snapshot. A message has a turn once
 * its head is there, so that slow senders keep no turn from others of the same address.
 */
export class SysProc extends Proc {
  readonly #init: SysProcInit
  /** By caller, client and token: whoever shows no token, or a wrong one, shares nothing with the owner. */
  readonly #senders = new Map<string, Sender>()
  /** Messages whose head is being read, by caller and client. In the order in which they came. */
  readonly #heads = new Map<string, Set<Stream>>()

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
    return this.#senders.size > 0 || this.#heads.size > 0
  }

  /** Ends it: messages that run or wait, and later ones, fail with the error. */
  override close(error: GliaError): void {
    super.close(error)
    for (const streams of this.#heads.values()) for (const stream of streams) stream.abort(error)
    for (const { lanes } of this.#senders.values()) for (const { proc } of lanes.values()) proc.close(error)
  }

  /**
   * After {@link close}: resolves when what its messages have begun is over, such as a spawn that is undone, and what came
   * of the last reminders is kept. Never rejects.
   */
  settled(): Promise<void> {
    return this.#init.settled()
  }

  override async deliver(given: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    this.admit(given)
    const stream = given instanceof ArrivingStream ? given : new ArrivingStream(given)
    try {
      const { pid, token } = await this.#readHead(stream, arrival ? SILENCE_MS : this.policy.deadlineMs)
      // It may have been closed meanwhile.
      if (this.state === 'dead') this.admit(stream)
      await this.#inLane(`${addressOf(stream)} ${token}`, laneOf(stream.methodName, pid), stream, (proc) =>
        proc.deliver(stream, arrival, note),
      )
    } finally {
      if (!this.isBusy) this.#init.idle?.()
    }
  }

  /** @throws {GliaError} ERR_DEADLINE if it does not come; ERR_MAILBOX_FULL; the reason of the stream's abort. */
  async #readHead(stream: ArrivingStream, patienceMs: number): Promise<OrderTarget> {
    const from = addressOf(stream)
    const heads = this.#heads.get(from) ?? new Set()
    this.#heads.set(from, heads.add(stream))
    const [first] = heads
    if (heads.size > MAX_HEADS)
      first?.abort(new GliaError('ERR_MAILBOX_FULL', 'Too many of your messages have no head yet.'))
    const timer = setTimeout(() => stream.abort(noHead(patienceMs)), patienceMs)
    try {
      const { targetOf } = await import('./order-target.ts')
      return await targetOf(stream)
    } catch (thrown) {
      throw this.refused(stream, thrown)
    } finally {
      clearTimeout(timer)
      heads.delete(stream)
      if (heads.size === 0) this.#heads.delete(from)
    }
  }

  /** @throws {GliaError} ERR_MAILBOX_FULL; the failure of the work. */
  async #inLane(from: string, name: string, stream: Stream, work: (proc: Proc) => Promise<void>): Promise<void> {
    const sender = this.#senders.get(from) ?? { lanes: new Map<string, Lane>(), orders: 0 }
    if (sender.orders >= MAX_ORDERS && stream.methodName !== 'kill') {
      const why = `${sender.orders} messages of yours wait already. Try again when some are done.`
      throw this.refused(stream, new GliaError('ERR_MAILBOX_FULL', why))
    }
    const lane = sender.lanes.get(name) ?? { proc: this.#newLane(), orders: 0 }
    lane.proc.policy = this.policy
    sender.orders += 1
    lane.orders += 1
    this.#senders.set(from, sender)
    sender.lanes.set(name, lane)
    try {
      await work(lane.proc)
    } finally {
      sender.orders -= 1
      lane.orders -= 1
      if (lane.orders === 0) sender.lanes.delete(name)
      if (sender.orders === 0) this.#senders.delete(from)
    }
  }

  #newLane(): Proc {
    const proc = new Proc(partsOf(this.#init))
    proc.calls = this.calls
    return proc
  }
}

/** From where a message comes. Several senders may have one address. */
function addressOf({ caller, context }: Stream): string {
  return `${caller} ${context.client ?? ''}`
}

/** The lane of an order: that of its target, or its own. */
function laneOf(method: string, pid: string | undefined): string {
  return pid === undefined || APART.has(method) ? `${method} ${pid ?? ''}` : ` ${pid}`
}

function noHead(ms: number): GliaError {
  const why = `The head did not come within ${seconds(ms)}: a message to sys is one line of JSON, and then a body.`
  return new GliaError('ERR_DEADLINE', why)
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
