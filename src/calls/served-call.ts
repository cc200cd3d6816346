import { arrivedContext } from '../glia/call-context.ts'
import { toGliaError } from '../glia/errors.ts'
import type { HttpApi } from '../glia/http.ts'
import { exitOf } from '../glia/http-exit.ts'
import { nextTask } from '../glia/next-task.ts'
import { ownBuffer } from './port-caller.ts'
import {
  type CallMessage,
  type ExitMessage,
  type FromCaller,
  type FromTab,
  type LifeLock,
  readFromCaller,
  WINDOW_BYTES,
} from './protocol.ts'

/**
 * One HTTP call that this tab serves, over whichever port leads to its caller. If the service worker in between ends
 * before the browser has the head, the browser dispatches the request again from a new one: the call is then attached to the
 * new port, where the reply starts over and the request is skipped as far as it was read. So it runs once.
 */
export class ServedCall {
  /** The call as it is now: its caller changes when it is asked for again. */
  message: CallMessage
  readonly #done = Promise.withResolvers<void>()
  #port: MessagePort | undefined
  /** Where the request's body goes; undefined once it has ended. */
  #sink: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Bytes of the request that are in; a caller attached later sends them again. */
  #received = 0
  /** Bytes that the caller attached now still sends again. */
  #skip = 0
  /** Bytes of the request that were passed on and not yet credited. */
  #owed = 0
  #reply: ReadableStreamDefaultReader<Uint8Array> | undefined
  /** Everything sent so far, until the head is known to be delivered. */
  #replay: FromTab[] | undefined = []
  #credit = 0
  #moreCredit = Promise.withResolvers<void>()
  #over = false
  readonly #aborter = new AbortController()
  /** The start of the request as it first came. */
  readonly #start: Uint8Array | null

  constructor(message: CallMessage, api: HttpApi) {
    this.message = message
    this.#start = message.first
    void this.#run(api)
  }

  /** Resolves when nothing more will come of the call. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  /** Whether the head is with the one who asked, so that the request cannot come again. */
  get delivered(): boolean {
    return this.#replay === undefined
  }

  /** Serves the caller at the other end of the port from now on. @param lock This tab's, for the caller to watch. */
  attach(port: MessagePort, call: CallMessage, lock: LifeLock): void {
    this.message = call
    this.#port = port
    this.#skip = this.#received
    this.#credit = WINDOW_BYTES
    port.onmessage = ({ data }: MessageEvent) => this.#receive(readFromCaller(data))
    this.#post({ type: 'ack', lock })
    if (call.first) this.#receiveData(call.first)
    if (call.complete) this.#endRequest()
    for (const message of this.#replay ?? []) {
      this.#credit -= bytesOf(message)?.length ?? 0
      this.#sendBytes(message)
    }
    this.#wake()
  }

  /** The caller is gone. Before the head was delivered it may come back; afterwards nobody can read the rest. */
  detach(): void {
    this.#port?.close()
    this.#port = undefined
    if (this.delivered) this.cancel()
  }

  /** Nobody waits for the reply. */
  cancel(): void {
    if (!this.#over) {
      this.#aborter.abort()
      this.#sink?.error(new DOMException('The caller gave up.', 'AbortError'))
      this.#sink = undefined
      void this.#cancelReply()
    }
    this.#replay = undefined
    this.#finish()
  }

  async #run(api: HttpApi): Promise<void> {
    const { method, path, headers, context, tellsExit } = this.message
    try {
      const request = new Request(new URL(path, location.origin), { method, headers, signal: this.#aborter.signal })
      const body = method === 'POST' ? this.#requestBody() : null
      const bodyBytes = this.message.complete ? (this.message.first?.length ?? 0) : undefined
      await this.#sendReply(await api(request, { body, bodyBytes, context: arrivedContext(context), tellsExit }))
    } catch (thrown) {
      const { code, message, exitCode } = toGliaError(thrown)
      this.#send({ type: 'error', code, message, exitCode })
    }
    this.#finish()
  }

  #requestBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = controller
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
    const exit = async (): Promise<ExitMessage | undefined> => {
      const exited = this.message.tellsExit ? await exitOf(response) : undefined
      if (exited?.exitCode === undefined) return undefined
      const { code, message, exitCode, accepted = false } = exited
      return { code, message, exitCode, accepted }
    }
    if (!this.#reply || !first || first.done) {
      return this.#send({ ...head, body: null, complete: true, exit: await exit() })
    }
    const next = this.#reply.read()
    const soon = await Promise.race([next, nextTask()])
    const body = ownBuffer(first.value)
    this.#credit -= body.length
    const complete = soon?.done === true
    this.#send({ ...head, body, complete, exit: complete ? await exit() : undefined })
    for (let chunk = await next; !chunk.done && !this.#over; chunk = await this.#reply.read()) {
      const bytes = ownBuffer(chunk.value)
      while ((this.#credit <= 0 || !this.#port) && !this.#over) await this.#moreCredit.promise
      this.#credit -= bytes.length
      this.#send({ type: 'data', bytes })
    }
    if (!complete) this.#send({ type: 'end', exit: await exit() })
  }

  #receive(message: FromCaller): void {
    switch (message.type) {
      case 'data':
        return this.#receiveData(message.bytes)
      case 'end':
        return this.#endRequest()
      case 'cancel':
        return this.cancel()
      case 'credit':
        this.#credit += message.bytes
        return this.#wake()
      case 'delivered':
        this.#replay = undefined
        if (this.#over) this.#finish()
        return
    }
  }

  #receiveData(bytes: Uint8Array): void {
    const again = Math.min(this.#skip, bytes.length)
    if (!this.#isRepeated(bytes.subarray(0, again), this.#received - this.#skip)) return this.#refuseRepeat()
    this.#skip -= again
    this.#received += bytes.length - again
    this.#owed += bytes.length
    if (bytes.length > again) this.#sink?.enqueue(bytes.subarray(again))
    if (!this.#sink || (this.#sink.desiredSize ?? 0) > 0) this.#giveCredit()
  }

  /** Whether bytes that are sent again are those that came first, as far as those are still here. */
  #isRepeated(bytes: Uint8Array, at: number): boolean {
    const known = this.#start?.subarray(at, at + bytes.length) ?? new Uint8Array()
    return known.every((byte, i) => byte === bytes[i])
  }

  /** Another request was taken for this one: neither may go on with a mixture of both. */
  #refuseRepeat(): void {
    this.#post({ type: 'error', code: 'ERR_RESET', message: 'The call was mixed up with another one: make it again.' })
    this.cancel()
  }

  #endRequest(): void {
    this.#sink?.close()
    this.#sink = undefined
  }

  #giveCredit(): void {
    if (this.#owed > 0) this.#post({ type: 'credit', bytes: this.#owed })
    this.#owed = 0
  }

  #send(message: FromTab): void {
    this.#replay?.push(message)
    if (this.#port) this.#sendBytes(message)
  }

  /** What may have to be sent again is copied, not transferred. */
  #sendBytes(message: FromTab): void {
    const bytes = bytesOf(message)
    this.#post(message, bytes && !this.#replay ? [bytes.buffer] : [])
  }

  #post(message: FromTab, transfer: Transferable[] = []): void {
    this.#port?.postMessage(message, transfer)
  }

  /** A reply that is complete but not known to be delivered may still be asked for again. */
  #finish(): void {
    this.#over = true
    this.#wake()
    if (!this.delivered) return
    // Nobody sends the rest of the request any more.
    this.#sink?.error(new DOMException('The reply ended before the message did.', 'AbortError'))
    this.#sink = undefined
    this.#port?.close()
    this.#port = undefined
    this.#done.resolve()
  }

  async #cancelReply(): Promise<void> {
    try {
      await this.#reply?.cancel()
    } catch {
      // It had failed by itself.
    }
  }

  #wake(): void {
    this.#moreCredit.resolve()
    this.#moreCredit = Promise.withResolvers()
  }
}

function bytesOf(message: FromTab): Uint8Array<ArrayBuffer> | null {
  return message.type === 'data' ? message.bytes : message.type === 'head' ? message.body : null
}
