import { Abandonment } from './abandonment.ts'
import type { KeptCall } from './call-log.ts'
import { Diagnosis } from './diagnosis.ts'
import { strangersOf } from './callers.ts'
import { type Deadline, deadlineIn, deadlineWithGrace } from '../wait/deadline.ts'
import { PATIENCE_MS } from '../call-limits.ts'
import { GliaError, toGliaError } from '../errors.ts'
import type { Meter } from '../figures/meter.ts'
import type { Cause, Life, ProcObserver } from './life.ts'
import { Pace } from './pace.ts'
import type { Mailbox } from './mailbox.ts'
import type { Pid } from '../pid.ts'
import type { Policy } from './policy.ts'
import { messageOf } from './proc-message.ts'
import type { Restart } from './restart.ts'
import { senderOf } from './sender-of.ts'
import type { Stream } from '../stream/stream.ts'
import type { Suspects } from './suspects.ts'
import { UnlessOver } from '../wait/unless-over.ts'

/** What a message needs of its process. */
export interface MessageRunInit {
  /** Its policy is read when it is needed, since it may change while the actor is started. */
  proc: { readonly pid: Pid; readonly policy: Policy; readonly meter: Meter }
  restart: Restart
  life: Life
  mailbox: Mailbox
  suspects: Suspects
  observer: ProcObserver
  /** Called with the failure before its consequences are told. */
  tell(thrown: unknown): GliaError
  /** The guest's run is over, and the process knows how it ended. The caller does not know yet. */
  over(): void
}

/**
 * The turn of one message: starts the actor if there is none, runs the method, and ends both at the deadline. A caller
 * of another peer that is too slow loses the turn ({@link Pace}). The owner can give the turn up ({@link Abandonment}).
 */
export class MessageRun {
  readonly stream: Stream
  readonly call: KeptCall
  readonly #init: MessageRunInit
  readonly #diagnosis = new Diagnosis()
  /** Ends with the turn, whatever the run still waits for. */
  readonly #unlessOver = new UnlessOver()
  /** If the caller is not the owner. */
  readonly #pace: Pace | undefined
  /** If the caller is the owner. */
  readonly #abandonment: Abandonment | undefined
  /** Whether the method runs, which means that the actor is there. */
  #isUnderWay = false
  #isOver = false

  constructor(stream: Stream, call: KeptCall, init: MessageRunInit) {
    this.stream = stream
    this.call = call
    this.#init = init
    if (senderOf(stream).isOwner) this.#abandonment = this.#makeAbandonment()
    else this.#pace = this.#makePace()
  }

  /** Call it when the waiting messages have changed. */
  look(): void {
    if (!this.#isUnderWay) return
    this.#pace?.watch()
    this.#abandonment?.look()
  }

  /** Ends a running method, and its instance. */
  stop(error: GliaError): void {
    if (!this.#isUnderWay) return
    this.stream.abort(error)
    this.#init.life.stop()
    this.#unlessOver.end(error)
  }

  /** The process has died, whatever it was doing with the message. The result of the message comes too late. */
  died(error: GliaError): void {
    if (this.#isOver) return
    this.#unlessOver.end(error)
    this.stream.abort(error)
  }

  /**
   * Runs the message. Resolves with the time that it took, in ms.
   * @throws {GliaError} ERR_DEADLINE, the failure of the actor, the reason of the caller's abort, or the reason of the
   * kill.
   */
  async run(): Promise<number> {
    const started = performance.now()
    const { stream } = this
    const { methodName: method } = stream
    const { proc, life, restart, tell, over } = this.#init
    const deadline = deadlineIn(proc.policy.deadlineMs, (time) => `${method} did not end within its ${time}.`)
    const cause = { method, counts: restart.counts === 'anyone' || strangersOf(stream).length === 0, tell }
    let cancelDeadline: (() => void) | undefined
    let failure: unknown
    try {
      // The caller may have given up before its turn came.
      stream.signal.throwIfAborted()
      life.prepare(method)
      const loading = life.load(stream.signal, cause)
      if (loading) await loading
      const entering = life.enter(stream.signal)
      if (entering) await entering
      cancelDeadline = this.#beginDeadline(deadline, cause)
      if (!life.isLive) await life.start(stream.signal, deadline.late, cause)
      await this.#runMethod().catch((thrown: unknown) => {
        // The end of the turn is no failure of the actor.
        if (thrown !== this.#unlessOver.reason) failure = thrown
        throw thrown
      })
      // The guest may have returned by itself after the end of the call was decided.
      stream.signal.throwIfAborted()
      return performance.now() - started
    } catch (thrown) {
      // Once the stream is aborted, its reason counts. What the abort made the guest do does not.
      const reason: unknown = stream.signal.aborted ? stream.signal.reason : thrown
      if (reason === failure) this.#diagnosis.explain(reason, stream, proc.policy)
      if (!isAcceptedExit(reason, proc.policy)) tell(reason)
      throw reason
    } finally {
      cancelDeadline?.()
      if (this.call.note) this.call.note.stderr = this.#diagnosis.stderr
      this.#isUnderWay = false
      this.#isOver = true
      this.#endPace()
      this.#abandonment?.end()
      // A guest that traps because its caller left did not fail by itself.
      const wasLeft = stream.signal.aborted && stream.signal.reason !== deadline.late
      life.settle(failure, stream.signal, wasLeft ? { method, counts: false } : cause)
      over()
    }
  }

  #runMethod(): Promise<void> {
    const { proc, life } = this.#init
    const { pid, policy, meter } = proc
    const pace = this.#pace
    const abandonment = this.#abandonment
    const onOver = abandonment && (() => abandonment.look())
    const diagnosis = this.#diagnosis
    const message = messageOf(this.stream, { pid, policy, meter, call: this.call, pace, diagnosis, onOver })
    this.#isUnderWay = true
    this.stream.began?.()
    pace?.watch()
    return this.#unlessOver.wait(life.run(this.stream.methodName, message))
  }

  /**
   * A guest that notices the abort and returns within the grace keeps its state. One that loops is stopped. @returns a
   * function that cancels it.
   */
  #beginDeadline(deadline: Deadline, cause: Cause): () => void {
    const { life, mailbox, tell } = this.#init
    let refuseWaiting: ((error: GliaError) => void) | undefined
    return deadlineWithGrace(
      deadline.ms,
      () => {
        refuseWaiting = mailbox.whoWaits()
        this.#diagnosis.explain(deadline.late, this.stream, this.#init.proc.policy)
        this.stream.abort(deadline.late)
      },
      () => {
        const { late } = deadline
        tell(late)
        // Without an instance a start is under way, which ends by itself: it has the deadline too.
        if (life.isLive) {
          refuseWaiting?.(notRun())
          life.end({ type: 'deadline', message: late.message }, cause)
        }
        this.#unlessOver.end(late)
      },
    )
  }

  #makePace(): Pace {
    const { stream } = this
    const { mailbox, life, suspects } = this.#init
    const sender = senderOf(stream)
    return new Pace({
      behind: () => mailbox.behind,
      awaitsInput: () => life.awaitsInput,
      isSuspect: suspects.has(sender),
      tooSlow: (error) => {
        suspects.add(sender)
        stream.abort(error)
      },
    })
  }

  /** However the message ended: a caller that leaves just before it is too slow has cost the others as much. */
  #endPace(): void {
    const pace = this.#pace
    pace?.stop()
    if (pace && pace.lostMs > 0) this.#init.mailbox.holdBack(Math.min(pace.lostMs, PATIENCE_MS))
  }

  #makeAbandonment(): Abandonment {
    const { stream } = this
    const { mailbox, observer } = this.#init
    return new Abandonment({
      stream,
      ownerWaits: () => mailbox.behind === 'owner',
      stop: () => {
        this.stop(toGliaError(stream.signal.reason))
        observer.note(
          `${stream.methodName} did not return when its message was cancelled, so its instance was ended. The next message starts a fresh one.`,
        )
      },
    })
  }
}

/** The error for messages that waited at the deadline of a message that looped. */
function notRun(): GliaError {
  return new GliaError(
    'ERR_PROC_STOPPED',
    'The message before this one ran past its deadline, so the process was stopped. This message was not run: send it again.',
  )
}

/** Whether a run ended with an exit code that the policy accepts. */
export function isAcceptedExit(thrown: unknown, { okExits }: Policy): boolean {
  const { exitCode } = toGliaError(thrown)
  return exitCode !== undefined && okExits.includes(exitCode)
}
