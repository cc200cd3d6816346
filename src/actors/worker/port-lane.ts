import type { Message } from '../../glia/process/actor.ts'
import { type RunEnd, RunStatus } from './control.ts'
import type { Lane, LaneInit } from './lane.ts'
import {
  type Channel,
  type FromWorker,
  PORT_WINDOW_BYTES,
  readFromWorker,
  type TierName,
  type ToWorker,
} from './worker-api.ts'

/** A message under way. */
interface Run {
  id: number
  message: Message
  ended: PromiseWithResolvers<RunEnd>
  /** Bytes of the message that may still be sent. */
  credit: number
  moreCredit: PromiseWithResolvers<void>
  /** The replies so far, passed on in order. */
  passed: Promise<void>
  /** The guest wants no more of the message. */
  refused: boolean
  /** It has ended in the worker. */
  done: boolean
}

/** Bytes as posted messages with credit: for pages without shared memory. */
export class PortLane implements Lane {
  readonly channel: Channel
  readonly transfer: Transferable[]
  readonly #port: MessagePort
  readonly #onStderr: (bytes: Uint8Array) => void
  #lastId = 0
  #run: Run | undefined
  #closed: Error | undefined

  constructor(tier: Exclude<TierName, 'rings'>, { onStderr, broken }: LaneInit) {
    const { port1, port2 } = new MessageChannel()
    this.channel = { tier, port: port2 }
    this.transfer = [port2]
    this.#port = port1
    this.#onStderr = onStderr
    port1.onmessage = ({ data }: MessageEvent) => {
      try {
        this.#receive(readFromWorker(data))
      } catch (thrown) {
        broken(thrown)
      }
    }
  }

  async run(method: number, message: Message, again = async () => false): Promise<RunEnd> {
    if (this.#closed) throw this.#closed
    const run: Run = {
      id: ++this.#lastId,
      message,
      ended: Promise.withResolvers(),
      credit: PORT_WINDOW_BYTES,
      moreCredit: Promise.withResolvers(),
      passed: Promise.resolve(),
      refused: false,
      done: false,
    }
    this.#run = run
    const breakOff = (): void => {
      this.#post({ type: 'abort', id: run.id })
      run.moreCredit.resolve()
    }
    this.#post({ type: 'call', id: run.id, method })
    message.signal.addEventListener('abort', breakOff, { once: true })
    if (message.signal.aborted) breakOff()
    void this.#feed(run)
    try {
      let end = await run.ended.promise
      while (end.status === RunStatus.noRoom && (await again())) {
        if (this.#closed) throw this.#closed
        run.ended = Promise.withResolvers()
        run.done = false
        // Under its old number: what has come of the message is still there.
        this.#post({ type: 'call', id: run.id, method })
        end = await run.ended.promise
      }
      await run.passed
      return end
    } finally {
      message.signal.removeEventListener('abort', breakOff)
      this.#run = undefined
      run.moreCredit.resolve()
    }
  }

  /** Nothing to do: what changes comes as a message to the worker, which looks then. */
  nudge(): void {}

  pause(): boolean {
    return false
  }

  /** It has taken all that was sent. Whether it computes something before it reads on is not known here. */
  get awaitsInput(): boolean {
    return this.#run?.credit === PORT_WINDOW_BYTES
  }

  close(reason: Error): void {
    if (this.#closed) return
    this.#closed = reason
    this.#port.close()
    this.#run?.ended.reject(reason)
  }

  async #feed(run: Run): Promise<void> {
    const { id, message } = run
    const over = (): boolean => this.#run !== run || run.refused || message.signal.aborted
    try {
      for (let chunk = await message.read(); chunk !== null && !over(); chunk = await message.read()) {
        while (run.credit <= 0 && !over()) await run.moreCredit.promise
        if (over()) return
        run.credit -= chunk.length
        const bytes = chunk.slice()
        this.#post({ type: 'data', id, bytes }, [bytes.buffer])
      }
      if (!over()) this.#post({ type: 'end', id })
    } catch {
      // The message broke off, which is the caller's to report; the guest learns it from its next read.
      if (!over()) this.#post({ type: 'abort', id })
    }
  }

  #receive(message: FromWorker): void {
    if (message.type === 'stderr') return this.#onStderr(message.bytes)
    const run = this.#run
    if (run?.id !== message.id) return
    switch (message.type) {
      case 'data':
        run.passed = run.passed.then(() => this.#pass(run, message.bytes))
        return
      case 'credit':
        run.credit += message.bytes
        run.moreCredit.resolve()
        run.moreCredit = Promise.withResolvers()
        return
      case 'cancel':
        run.refused = true
        run.message.closeRead()
        return run.moreCredit.resolve()
      case 'end':
        // How a message ended that is over by then is for its run to say.
        run.passed = run.passed.then(() => (run.done ? undefined : run.message.closeWrite()))
        return
      case 'done':
        run.done = true
        return run.ended.resolve(message)
    }
  }

  async #pass(run: Run, bytes: Uint8Array): Promise<void> {
    try {
      await run.message.write(bytes)
      this.#post({ type: 'credit', id: run.id, bytes: bytes.length })
    } catch {
      // Nobody reads the reply any more: the guest's writes fail from now on, and it may still end well.
      this.#post({ type: 'cancel', id: run.id })
    }
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#closed) this.#port.postMessage(message, transfer)
  }
}
