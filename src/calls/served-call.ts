import { arrivedContext } from '../glia/call-context.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import type { ToldFailure } from '../glia/failure-message.ts'
import type { HttpApi } from '../glia/http/http.ts'
import { exitOf } from '../glia/http/http-exit.ts'
import { nextTask } from '../glia/wait/next-task.ts'
import type { DeathWatch } from './life-lock.ts'
import { ownBuffer } from './port-caller.ts'
import {
  type CallMessage,
  type FromCaller,
  type FromTab,
  type LifeLock,
  readFromCaller,
  WINDOW_BYTES,
} from './protocol.ts'

/** The parts with which a tab serves calls. */
export interface Serving {
  api: HttpApi
  /** Lock of this tab, which callers watch. */
  lock: LifeLock
  /** Tells when a caller is gone. */
  deaths: DeathWatch
  /** Id of this page, as its service worker knows it. Left out: unknown. */
  clientId?: string | undefined
}

/** The owner of the `Idempotency-Key` of a request. @param clientId The page that sent it. */
export function clientOf(clientId: string): string {
  return `page:${clientId}`
}

/** Answers a call over its port. The API decides by the `Idempotency-Key` which calls are the same one. */
export function serveCall(call: CallMessage, port: MessagePort, serving: Serving): void {
  // A tab that was frozen gets all calls of that time. Their callers have given up long ago.
  if (Date.now() > call.deadline) port.close()
  else void new ServedCall(call, port, serving).run(serving)
}

/** One HTTP call that this tab serves, over the port that leads to its caller. */
class ServedCall {
  readonly #call: CallMessage
  readonly #port: MessagePort
  readonly #stopWatching: () => void
  /** Takes the body of the request; undefined once it has ended. */
  #sink: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Bytes of the request that were passed on and are not credited yet. */
  #owed = 0
  #reply: ReadableStreamDefaultReader<Uint8Array> | undefined
  #credit = WINDOW_BYTES
  #moreCredit = Promise.withResolvers<void>()
  #over = false
  readonly #aborter = new AbortController()

  constructor(call: CallMessage, port: MessagePort, { lock, deaths }: Serving) {
    this.#call = call
    this.#port = port
    port.onmessage = ({ data }: MessageEvent) => this.#receive(readFromCaller(data))
    this.#post({ type: 'ack', lock, answersPings: true })
    this.#stopWatching = deaths.onDeath(call.callerLock, () =>
      this.#cancel(
        new GliaError('ERR_UNREACHABLE', 'The connection to the caller was lost before the caller had its reply.'),
      ),
    )
  }

  async run({ api, clientId: ownId }: Serving): Promise<void> {
    const { method, path, headers, context, clientId, tellsExit } = this.#call
    try {
      const request = new Request(new URL(path, location.origin), { method, headers, signal: this.#aborter.signal })
      const body = method === 'POST' ? this.#requestBody() : null
      const bodyBytes = this.#call.complete ? (this.#call.first?.length ?? 0) : this.#call.bodyBytes
      const via = clientId === ownId ? ('self' as const) : ('page' as const)
      const options = { body, bodyBytes, via, keyOwner: clientOf(clientId), tellsExit }
      await this.#sendReply(await api(request, { ...options, context: arrivedContext(context) }))
    } catch (thrown) {
      this.#post({ type: 'error', ...toGliaError(thrown).toJSON() })
    }
    this.#finish()
  }

  #requestBody(): ReadableStream<Uint8Array> {
    const { first, complete } = this.#call
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = controller
          if (first) this.#receiveData(first)
          if (complete) this.#endRequest()
        },
        pull: () => this.#giveCredit(),
        cancel: () => {
          // The rest is dropped, and credited so that the caller gets to its end.
          this.#sink = undefined
          this.#giveCredit()
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WINDOW_BYTES / 2 }),
    )
  }

  /** A reply that ends soon after it starts travels in one message with its head, and cannot break off. */
  async #sendReply(response: Response): Promise<void> {
    const head = { type: 'head' as const, status: response.status, headers: [...response.headers] }
    this.#reply = response.body?.getReader()
    const first = await this.#reply?.read()
    const exit = async (): Promise<ToldFailure | undefined> => {
      const exited = this.#call.tellsExit ? await exitOf(response) : undefined
      return exited && { ...exited.toJSON(), accepted: exited.accepted }
    }
    if (!this.#reply || !first || first.done) {
      return this.#post({ ...head, body: null, complete: true, exit: await exit() })
    }
    const next = this.#reply.read()
    const soon = await Promise.race([next, nextTask()])
    const body = ownBuffer(first.value)
    this.#credit -= body.length
    const complete = soon?.done === true
    this.#post({ ...head, body, complete, exit: complete ? await exit() : undefined }, [body.buffer])
    for (let chunk = await next; !chunk.done && !this.#over; chunk = await this.#reply.read()) {
      const bytes = ownBuffer(chunk.value)
      while (this.#credit <= 0 && !this.#over) await this.#moreCredit.promise
      this.#credit -= bytes.length
      this.#post({ type: 'data', bytes }, [bytes.buffer])
    }
    if (!complete) this.#post({ type: 'end', exit: await exit() })
  }

  #receive(message: FromCaller): void {
    switch (message.type) {
      case 'data':
        return this.#receiveData(message.bytes)
      case 'end':
        return this.#endRequest()
      case 'cancel':
        return this.#cancel(new GliaError('ERR_ABORTED', 'The caller gave up.'))
      case 'credit':
        this.#credit += message.bytes
        return this.#wake()
      case 'ping':
        return this.#post({ type: 'pong' })
    }
  }

  #receiveData(bytes: Uint8Array): void {
    this.#owed += bytes.length
    if (bytes.length > 0) this.#sink?.enqueue(bytes)
    if (!this.#sink || (this.#sink.desiredSize ?? 0) > 0) this.#giveCredit()
  }

  #endRequest(): void {
    this.#sink?.close()
    this.#sink = undefined
  }

  #giveCredit(): void {
    if (this.#owed > 0) this.#post({ type: 'credit', bytes: this.#owed })
    this.#owed = 0
  }

  /** Nobody waits for the reply. */
  #cancel(reason: GliaError): void {
    if (this.#over) return
    this.#aborter.abort(reason)
    this.#sink?.error(reason)
    this.#sink = undefined
    void this.#cancelReply()
    this.#finish()
  }

  #post(message: FromTab, transfer: Transferable[] = []): void {
    if (!this.#over) this.#port.postMessage(message, transfer)
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#wake()
    this.#stopWatching()
    // Nobody sends the rest of the request any more.
    this.#sink?.error(new GliaError('ERR_ABORTED', 'The reply ended before the message did.'))
    this.#sink = undefined
    this.#port.close()
  }

  async #cancelReply(): Promise<void> {
    try {
      await this.#reply?.cancel()
    } catch {
      // The stream had failed by itself.
    }
  }

  #wake(): void {
    this.#moreCredit.resolve()
    this.#moreCredit = Promise.withResolvers()
  }
}
