import type { Connection, Stream } from '@libp2p/interface'
import { PING_PROTOCOL } from '@libp2p/ping'
import { GliaError } from '../../glia/errors.ts'
import { Wait } from '../../glia/wait/wait.ts'
import { PING_BYTES } from '../dialects/probe.ts'
import { UNMEASURED_MS } from '../limits.ts'
import { onBytes } from '../patches/connection-bytes.ts'
import { sendWholeMessages } from '../patches/whole-messages.ts'

export interface PulseInit {
  connection: Connection
  /** Time between two pings, in ms. Read before each ping, since a hidden tab pings less often. */
  everyMs(): number
  /** Time that the other side has for an answer, in ms. */
  answerMs: number
  /** Called with the time of each answered ping, in ms. */
  measured?: ((ms: number) => void) | undefined
}

/** A timer that is late by so much, in ms, was late because the tab was frozen or the machine slept. */
const LATE_MS = 1000

/**
 * Pings the other side of one connection again and again, and aborts the connection when no answer comes. TCP goes on
 * for minutes without an answer. All pings use one stream: each costs a frame and its answer, and no negotiation. Other
 * bytes count as an answer too: on a slow line the answer to a ping comes behind everything that is under way already.
 * If bytes have just come, no ping is needed. So of two peers that watch their connection one pings, and the other
 * answers.
 */
export class Pulse {
  readonly #init: PulseInit
  #stream: Stream | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false
  #answered = false
  #heardAt = 0
  #sentAt = 0
  #measuredAt = 0
  #stopped = false
  readonly #wait = new Wait()
  readonly #stopListening: () => void

  constructor(init: PulseInit) {
    this.#init = init
    init.connection.addEventListener('close', () => this.stop(), { once: true })
    this.#stopListening = onBytes(init.connection, () => this.#heard())
    this.#rest()
  }

  /** Pings at once, because the page woke up or the network changed. */
  now(): void {
    if (this.#asking || this.#stopped) return
    clearTimeout(this.#timer)
    void this.#beat()
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#wait.wake()
    this.#stopListening()
    void this.#stream?.close().catch(() => undefined)
  }

  #rest(quietMs = 0): void {
    if (this.#stopped) return
    // Not exactly, or both sides would ping at the same time again and again.
    const everyMs = this.#init.everyMs() * (0.9 + Math.random() / 10)
    this.#timer = setTimeout(() => this.#look(everyMs), Math.max(0, everyMs - quietMs))
  }

  #look(everyMs: number): void {
    const now = Date.now()
    const quietMs = now - this.#heardAt
    if (quietMs < everyMs && now - this.#measuredAt < UNMEASURED_MS) this.#rest(quietMs)
    else void this.#beat()
  }

  async #beat(): Promise<void> {
    this.#asking = true
    this.#answered = false
    void this.#ask()
    // A frozen machine could hear no answer, so this peer waits once more.
    while (!this.#answered && !this.#stopped) {
      const began = Date.now()
      // oxlint-disable-next-line no-await-in-loop -- a second time only after a pause of the whole machine
      await this.#wait.for(this.#init.answerMs)
      if (Date.now() - began - this.#init.answerMs < LATE_MS) break
    }
    this.#asking = false
    if (this.#answered || this.#stopped) return this.#rest()
    const { connection } = this.#init
    this.stop()
    connection.abort(new GliaError('ERR_UNREACHABLE', `${connection.remotePeer.toString()} does not answer any more.`))
  }

  async #ask(): Promise<void> {
    try {
      const stream = this.#stream?.status === 'open' ? this.#stream : await this.#open()
      if (stream.status === 'open' && stream.writeStatus === 'writable') {
        this.#sentAt = performance.now()
        stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)))
      }
    } catch {
      // The other side refused the stream, so it is there. If it is not, the connection is closed, or nothing arrives.
      this.#heard()
    }
  }

  async #open(): Promise<Stream> {
    const { connection, answerMs } = this.#init
    const signal = AbortSignal.timeout(answerMs * 2)
    const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
    sendWholeMessages(stream)
    stream.addEventListener('message', () => this.#measured())
    // A peer of another kind may end a ping stream after some time: js-libp2p after ten seconds. The next ping opens
    // another.
    stream.addEventListener('close', this.#heard)
    this.#stream = stream
    if (this.#stopped) void stream.close().catch(() => undefined)
    return stream
  }

  #measured(): void {
    this.#measuredAt = Date.now()
    this.#init.measured?.(performance.now() - this.#sentAt)
    this.#heard()
  }

  readonly #heard = (): void => {
    this.#heardAt = Date.now()
    this.#answered = true
    this.#wait.wake()
  }
}
