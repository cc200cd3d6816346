import { SILENCE_MS } from '../../glia/call-limits.ts'
import type { CallNote } from '../../glia/call-note.ts'
import { GliaError } from '../../glia/errors.ts'
import { type Arrival, ArrivingStream } from '../../glia/process/arriving-stream.ts'
import type { Policy } from '../../glia/process/policy.ts'
import type { Proc } from '../../glia/process/proc.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import { type OrderTarget, targetOf } from './order-target.ts'
import type { SysMethod } from './sys-proc.ts'

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

/** What the lanes need of the system process. */
export interface OrderLanesInit {
  /** Makes a process with the methods of the system process, and a mailbox of its own. */
  newProc(): Proc
  policy(): Policy
  /** @throws {GliaError} if the system process takes no message any more, or not this one */
  admit(stream: Stream): void
  /** Records a call that ends before it could have a turn. @returns why, for its caller. */
  refused(stream: Stream, thrown: unknown): GliaError
}

/**
 * The turns of messages to the system process: one at a time *of each sender for each target*. The process may wait for
 * another one that sends it a message meanwhile, as for the end of a message before a snapshot. A message has a turn once its
 * head is there, so that slow senders keep no turn from others of the same address.
 */
export class OrderLanes {
  readonly #init: OrderLanesInit
  /** By caller, client and token: whoever shows no token, or a wrong one, shares nothing with the owner. */
  readonly #senders = new Map<string, Sender>()
  /** Messages whose head is being read, by caller and client. In the order in which they came. */
  readonly #heads = new Map<string, Set<Stream>>()

  constructor(init: OrderLanesInit) {
    this.#init = init
  }

  /** Messages that run or wait fail with the error. */
  close(error: GliaError): void {
    for (const streams of this.#heads.values()) for (const stream of streams) stream.abort(error)
    for (const { lanes } of this.#senders.values()) for (const { proc } of lanes.values()) proc.close(error)
  }

  /** Runs one message, like {@link Proc.deliver}. @throws {GliaError} like that; ERR_DEADLINE if its head does not come */
  async deliver(given: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    const stream = given instanceof ArrivingStream ? given : new ArrivingStream(given)
    const { pid, token } = await this.#readHead(stream, arrival ? SILENCE_MS : this.#init.policy().deadlineMs)
    // It may have been closed meanwhile.
    this.#init.admit(stream)
    await this.#inLane(`${addressOf(stream)} ${token}`, laneOf(stream.methodName, pid), stream, (proc) =>
      proc.deliver(stream, arrival, note),
    )
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
      return await targetOf(stream)
    } catch (thrown) {
      throw this.#init.refused(stream, thrown)
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
      throw this.#init.refused(stream, new GliaError('ERR_MAILBOX_FULL', why))
    }
    const lane = sender.lanes.get(name) ?? { proc: this.#init.newProc(), orders: 0 }
    lane.proc.policy = this.#init.policy()
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
