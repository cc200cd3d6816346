import { GliaError, toGliaError } from '../glia/errors.ts'
import type { DeathWatch } from './life-lock.ts'
import { errorOf } from '../glia/failure-message.ts'
import { Heartbeat } from '../glia/session/heartbeat.ts'
import {
  ACK_MS,
  type FromCaller,
  type FromTab,
  type LifeLock,
  type ReadFacts,
  readFromTab,
  WINDOW_BYTES,
} from './protocol.ts'

/**
 * Time between the end of a request's body and telling the tab, in ms, while the reply is being read. Chromium 156 ends
 * the body of an aborted upload as if it were whole, and cancels the reply a little later. That is the only sign. 10 ms
 * were not always enough on a busy machine.
 */
const SETTLE_MS = 100

/**
 * After the first silence the tab is asked whether it is there, after the second it is given up. In ms, as for another
 * peer.
 */
const PING_MS = 3000
const SILENCE_MS = 10_000

export interface PortCallInit {
  port: MessagePort
  /** The rest of the body, after the part in the call's message; null if there is none. */
  body: ReadableStreamDefaultReader<Uint8Array> | null
  /** Aborts when nobody waits for the reply. A reason that is a GliaError is the failure of the call. */
  signal: AbortSignal
  /** Tells when the tab is gone. */
  deaths: DeathWatch
  /** Whether the end of the body may be the end of an aborted upload: see {@link SETTLE_MS}. */
  mayBeCut?: boolean | undefined
  /** Lock of the tab, if it is known before the tab has answered: a tab that is being closed never answers. */
  lock?: LifeLock | undefined
  /** Reads what is told of a failure besides its code and sentence. Left out: nobody needs to know that. */
  readFacts?: ReadFacts | undefined
}

export interface PortReply {
  status: number
  headers: [string, string][]
  /** Errors if the reply breaks off. */
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null
  /** How the program exited, if the call asks for that. Resolves when the body has ended. */
  exit: Promise<GliaError | undefined>
}

/**
 * The caller's side of a call over a port. It sends the body under credit and streams the reply.
 * @throws {GliaError} ERR_DEADLINE if the tab does not answer (frozen), ERR_UNREACHABLE if it is gone, ERR_ABORTED.
 */
export function callOverPort(call: PortCallInit): Promise<PortReply> {
  return new PortCaller(call).reply
}

class PortCaller {
  readonly #port: MessagePort
  readonly #reply = Promise.withResolvers<PortReply>()
  readonly #exit = Promise.withResolvers<GliaError | undefined>()
  readonly #deaths: DeathWatch
  readonly #mayBeCut: boolean
  readonly #stopWatching: (() => void)[]
  readonly #late: ReturnType<typeof setTimeout>
  /** A frozen tab still holds its lock, so the lock does not tell. */
  readonly #heartbeat = new Heartbeat({
    pingMs: PING_MS,
    silenceMs: SILENCE_MS,
    ping: () => this.#post({ type: 'ping' }),
    giveUp: () => this.#fail(silent(SILENCE_MS)),
  })
  #body: ReadableStreamDefaultReader<Uint8Array> | null
  #sink: ReadableStreamDefaultController<Uint8Array> | undefined
  #over = false
  /** Bytes of the request that may be sent. */
  #credit = WINDOW_BYTES
  #moreCredit = Promise.withResolvers<void>()
  /** Bytes of the reply that were passed on and are not credited yet. */
  #owed = 0

  constructor({ port, body, signal, deaths, mayBeCut = false, lock, readFacts }: PortCallInit) {
    this.#port = port
    this.#mayBeCut = mayBeCut
    this.#deaths = deaths
    this.#body = body
    const giveUp = (): void => {
      const { reason } = signal
      this.#fail(reason instanceof GliaError ? reason : new GliaError('ERR_ABORTED', 'The caller gave up.'))
    }
    signal.addEventListener('abort', giveUp, { once: true })
    this.#late = setTimeout(() => this.#fail(silent(ACK_MS)), ACK_MS)
    this.#stopWatching = [
      () => clearTimeout(this.#late),
      () => this.#heartbeat.stop(),
      () => signal.removeEventListener('abort', giveUp),
    ]
    if (lock) this.#stopWatching.push(deaths.onDeath(lock, () => this.#tabDied()))
    port.onmessage = ({ data }: MessageEvent) => this.#receive(readFromTab(data, readFacts))
    if (signal.aborted) giveUp()
    else void this.#sendBody()
  }

  get reply(): Promise<PortReply> {
    return this.#reply.promise
  }

  #receive(message: FromTab): void {
    // The caller has given up: bytes that still arrive are dropped.
    if (this.#over) return
    this.#heartbeat.heard()
    switch (message.type) {
      case 'ack':
        clearTimeout(this.#late)
        if (message.answersPings) this.#heartbeat.start()
        this.#stopWatching.push(this.#deaths.onDeath(message.lock, () => this.#tabDied()))
        return
      case 'head':
        return this.#receiveHead(message)
      case 'data':
        return this.#pass(message.bytes)
      case 'credit':
        this.#credit += message.bytes
        this.#moreCredit.resolve()
        this.#moreCredit = Promise.withResolvers()
        return
      case 'end':
        this.#exit.resolve(message.exit && errorOf(message.exit))
        this.#sink?.close()
        return this.#finish()
      case 'error':
        return this.#fail(errorOf(message))
      case 'pong':
        return
      case 'no-tab':
        return this.#fail(new GliaError('ERR_UNREACHABLE', 'No tab of this browser runs that peer.'))
    }
  }

  #tabDied(): void {
    this.#fail(new GliaError('ERR_UNREACHABLE', 'The tab that ran this peer was closed.'))
  }

  #receiveHead({ status, headers, body, complete, exit: exited }: FromTab & { type: 'head' }): void {
    const exit = this.#exit.promise
    if (complete) {
      this.#exit.resolve(exited && errorOf(exited))
      this.#reply.resolve({ status, headers, body, exit })
      this.#finish()
      return
    }
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = controller
          if (body) this.#pass(body)
        },
        pull: () => this.#giveCredit(),
        cancel: () => this.#fail(new GliaError('ERR_ABORTED', 'The caller gave up.')),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WINDOW_BYTES / 2 }),
    )
    this.#reply.resolve({ status, headers, body: stream, exit })
  }

  #pass(bytes: Uint8Array): void {
    this.#sink?.enqueue(bytes)
    this.#owed += bytes.length
    if ((this.#sink?.desiredSize ?? 0) > 0) this.#giveCredit()
  }

  #giveCredit(): void {
    if (this.#owed > 0) this.#post({ type: 'credit', bytes: this.#owed })
    this.#owed = 0
  }

  async #sendBody(): Promise<void> {
    try {
      for (let next = await this.#body?.read(); next && !next.done && !this.#over; next = await this.#body?.read()) {
        while (this.#credit <= 0 && !this.#over) await this.#moreCredit.promise
        const bytes = ownBuffer(next.value)
        this.#credit -= bytes.length
        this.#post({ type: 'data', bytes }, [bytes.buffer])
      }
      if (this.#mayBeCut && this.#body && this.#sink) await delay(SETTLE_MS)
      // The reply has ended first, and cuts the request short.
      if (this.#body && !this.#over) this.#post({ type: 'end' })
    } catch (thrown) {
      this.#fail(toGliaError(thrown, 'ERR_ABORTED'))
    }
  }

  #fail(error: GliaError): void {
    if (this.#over) return
    this.#post({ type: 'cancel' })
    this.#reply.reject(error)
    // A failure after the head breaks the body, so that nobody takes a part for the whole.
    this.#sink?.error(error)
    this.#finish()
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#exit.resolve(undefined)
    for (const stop of this.#stopWatching) stop()
    this.#moreCredit.resolve()
    void this.#dropBody()
    // A closed port still delivers the messages that were posted before.
    this.#port.close()
  }

  async #dropBody(): Promise<void> {
    try {
      await this.#body?.cancel()
    } catch {
      // The body has failed by itself. Its reader got the error.
    }
    this.#body = null
  }

  #post(message: FromCaller, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}

function silent(ms: number): GliaError {
  const what = `The tab that runs this peer did not answer for ${ms / 1000} s: it may be frozen, busy, or stopped in a debugger.`
  return new GliaError('ERR_DEADLINE', what)
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The bytes in a buffer of their own, so that it can be transferred. */
export function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength
    ? new Uint8Array(buffer)
    : bytes.slice()
}
