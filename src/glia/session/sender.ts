import type { GliaError } from '../errors.ts'
import { TaskRunner } from '../wait/next-task.ts'
import { withinTurns } from '../wait/turns.ts'
import { Batch } from './batch.ts'
import { FRAME, MAX_DATA_BYTES, MAX_HEAD_BYTES } from './frames.ts'
import { encodeStatus } from './head.ts'
import type { SessionStream } from './session-stream.ts'
import { varintSize } from './varint.ts'
import { violation } from './violation.ts'
import { Window } from './window.ts'

/** The longest frame that cannot be sent in parts: OPEN or FAIL with type, id and lengths. */
const MIN_BATCH_BYTES = MAX_HEAD_BYTES + 32
/** Bytes whose arrival is acknowledged at once. Fewer bytes wait for more. It is below every window, so that no window stays full. */
const ACKNOWLEDGED_BYTES = 8 * 1024
/**
 * While other calls are under way, a frame waits up to MAX_TASKS tasks for frames of others, because one send costs both
 * peers more than one frame. It waits no longer once one call in SHARE has something to send.
 */
const MAX_TASKS = 8
const SHARE = 4
/** Turns of the microtask queue within which a small message is complete and sent. Only without that a task is needed. */
const TURNS = 24
/** A call that has sent less than this does not wait for those that have sent more, nor for the last bytes of the window. */
const SMALL_BYTES = MAX_DATA_BYTES
/** Calls whose end, refusal or credit may wait to be sent. A peer that opens more and takes nothing is cut off. */
const MAX_WAITING = 8192

export interface SenderInit {
  /** Gives bytes to the channel. @returns false if the channel is full. */
  send(bytes: Uint8Array): boolean
  /** Called after a frame of the call was written: the call may be over now. */
  written(call: SessionStream): void
  /** Calls under way. */
  calls(): number
  maxBatchBytes: number
  windowBytes: number
}

/**
 * Decides what is sent when. In one task it sends everything that was due before it, in batches of the channel's size:
 * first frames without data, then one frame of each call in turn, small calls first, as long as no more than the window is
 * under way.
 */
export class Sender {
  readonly #send: (bytes: Uint8Array) => boolean
  readonly #written: (call: SessionStream) => void
  readonly #calls: () => number
  readonly #window: Window
  readonly #batch: Batch
  readonly #flush = new TaskRunner(() => this.#flushSoon())
  /** Node runs a request of a task for the same runner within that task. */
  readonly #flushLater = new TaskRunner(() => this.#flush.request())
  readonly #control = new Set<SessionStream>()
  /** Calls with data to send: those that have sent little so far, and the others. */
  readonly #small = new Set<SessionStream>()
  readonly #large = new Set<SessionStream>()
  /** Whether the next batch begins with the large calls, because small ones have filled this one. */
  #isTurnOfLarge = false
  #refusals: { id: number; status: Uint8Array }[] = []
  /** Bytes of OPEN and DATA frames that arrived and are not acknowledged. */
  #arrived = 0
  #pingDue = false
  #pongDue = false
  /** Tasks that were let pass since something is due. */
  #waited = 0
  /** Whether the bytes that are due may be sent before a task could run. */
  #settling = false
  #flushing = false
  #full = false
  #stopped = false

  constructor({ send, written, calls, maxBatchBytes, windowBytes }: SenderInit) {
    this.#send = send
    this.#written = written
    this.#calls = calls
    this.#window = new Window(windowBytes)
    this.#batch = new Batch(Math.max(maxBatchBytes, MIN_BATCH_BYTES))
  }

  /** Call it when a call may have something to send, or has nothing more. */
  update(call: SessionStream): void {
    if (call.hasControl) this.#control.add(call)
    if (call.hasData) this.#queueOf(call).add(call)
    else this.#drop(call)
    if (this.#control.size > MAX_WAITING) throw overrun()
    // Nothing comes that could travel with the last bytes of the only call.
    if (call.isWritten && this.#calls() <= 1) this.#flushNow()
    else this.#request()
  }

  /** Ends a call that was not accepted. */
  refuse(id: number, error: GliaError): void {
    this.#refusals.push({ id, status: encodeStatus(error) })
    if (this.#refusals.length > MAX_WAITING) throw overrun()
    this.#request()
  }

  ping(): void {
    this.#pingDue = true
    this.#request()
  }

  pong(): void {
    this.#pongDue = true
    this.#request()
  }

  /** An OPEN or DATA frame with so many bytes has arrived. */
  arrived(bytes: number): void {
    this.#arrived += bytes
    this.#request()
  }

  /** The other side has received so many of the bytes under way. */
  acknowledged(bytes: number): void {
    if (!this.#window.acknowledged(bytes)) throw violation('it acknowledges more than it was sent')
    this.#request()
  }

  /** The channel takes bytes again. */
  drained(): void {
    this.#full = false
    this.#request()
  }

  #flushSoon(): void {
    const due = this.#control.size + this.#small.size + this.#large.size
    if (due > 0 && this.#waited < MAX_TASKS && due * SHARE < this.#calls()) {
      this.#waited += 1
      this.#flushLater.request()
      return
    }
    this.#waited = 0
    this.flush()
  }

  /** Sends all that may be sent. */
  flush(): void {
    this.#flushing = true
    while (!this.#full && !this.#stopped) {
      if (this.#writeControl()) this.#writeData()
      if (this.#batch.empty) break
      this.#full = !this.#send(this.#batch.take())
      this.#window.sent()
    }
    this.#flushing = false
  }

  stop(): void {
    this.#stopped = true
    this.#flush.stop()
    this.#flushLater.stop()
    this.#control.clear()
    this.#small.clear()
    this.#large.clear()
    this.#refusals = []
  }

  #flushNow(): void {
    if (this.#isFlushDue()) this.flush()
  }

  #request(): void {
    if (this.#settling || !this.#isFlushDue()) return
    this.#settling = true
    void this.#requestUnlessSent()
  }

  async #requestUnlessSent(): Promise<void> {
    await withinTurns(() => !this.#isFlushDue(), TURNS)
    this.#settling = false
    if (this.#isFlushDue()) this.#flush.request()
  }

  #isFlushDue(): boolean {
    return !this.#flushing && !this.#full && !this.#stopped && this.#hasFrame()
  }

  #hasFrame(): boolean {
    return (
      (this.#large.size > 0 && this.#window.admits()) ||
      (this.#small.size > 0 && this.#window.admits(SMALL_BYTES)) ||
      this.#control.size > 0 ||
      this.#refusals.length > 0 ||
      this.#arrived >= ACKNOWLEDGED_BYTES ||
      this.#pingDue ||
      this.#pongDue
    )
  }

  /** @returns whether everything fitted. */
  #writeControl(): boolean {
    const batch = this.#batch
    // The batch is empty, so these frames fit.
    if (this.#pingDue) batch.frame(FRAME.PING, 0, 0)
    if (this.#pongDue) batch.frame(FRAME.PONG, 0, 0)
    this.#pingDue = this.#pongDue = false
    if (this.#arrived >= ACKNOWLEDGED_BYTES) {
      batch.frame(FRAME.CREDIT, 0, varintSize(this.#arrived))
      batch.varint(this.#arrived)
      this.#arrived = 0
    }
    for (const call of this.#control) {
      while (call.hasControl) if (!call.writeControl(batch)) return false
      this.#control.delete(call)
      // Its exit may be among the written frames.
      this.#written(call)
    }
    return this.#writeRefusals()
  }

  #writeRefusals(): boolean {
    let written = 0
    for (const { id, status } of this.#refusals) {
      if (this.#batch.room(id) < status.length) break
      this.#batch.frame(FRAME.FAIL, id, status.length)
      this.#batch.bytes(status)
      written += 1
    }
    if (written > 0) this.#refusals = this.#refusals.slice(written)
    return this.#refusals.length === 0
  }

  #queueOf(call: SessionStream): Set<SessionStream> {
    return call.sentBytes < SMALL_BYTES ? this.#small : this.#large
  }

  #drop(call: SessionStream): void {
    this.#small.delete(call)
    this.#large.delete(call)
  }

  /** Small calls go before large ones, as new flows do in FQ-CoDel (RFC 8290, 4.2), but cannot keep them out. */
  #writeData(): void {
    let bytesOfLarge = this.#isTurnOfLarge ? this.#writeQueue(this.#large, 0) : 0
    if (this.#writeQueue(this.#small, SMALL_BYTES) > 0) this.#window.company()
    bytesOfLarge += this.#writeQueue(this.#large, 0)
    this.#isTurnOfLarge = this.#large.size > 0 && bytesOfLarge === 0
  }

  /** One frame of each call in turn, while no more than the window and so many bytes are on their way. @returns its bytes. */
  #writeQueue(queue: Set<SessionStream>, extraBytes: number): number {
    let bytes = 0
    // A call that is deleted and added again during the walk through the Set is met again, behind the others.
    for (const call of queue) {
      if (!this.#window.admits(extraBytes)) break
      const written = call.writeData(this.#batch)
      if (written === 0) break
      this.#window.put(written)
      bytes += written
      queue.delete(call)
      // With its last bytes sent, the end of the call may be due.
      if (call.hasControl) this.#control.add(call)
      // The call is added again if it has more.
      this.#written(call)
    }
    return bytes
  }
}

function overrun(): GliaError {
  return violation('it makes calls and does not take their ends')
}
