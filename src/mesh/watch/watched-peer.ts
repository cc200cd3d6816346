import { GliaError, toGliaError } from '../../glia/errors.ts'
import { isLast, type ProcessEnd } from '../../glia/process/told-end.ts'
import type { RemoteWatch, WatchHandle } from '../../glia/process/remote-watch.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { Backoff } from '../../glia/wait/backoff.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import { Wait } from '../../glia/wait/wait.ts'
import { Rate } from '../dial/rate.ts'
import { MAX_WATCHES, UNREACHABLE_MS, WATCH_LINE_RATE, WATCH_RETRY_MS, WATCH_STEADY_MS } from '../limits.ts'
import { LineChannel } from './line-channel.ts'
import { breach, readReply, type WatchReply } from './messages.ts'

export interface WatchedPeerInit {
  peer: string
  /** Opens a stream to the peer. @throws {GliaError} ERR_BAD_REQUEST if the peer does not speak the protocol. */
  open(signal: AbortSignal): Promise<SessionChannel>
  /** Nothing of the peer is watched any more. */
  idle(): void
}

interface Entry {
  readonly watch: RemoteWatch
  readonly settled: PromiseWithResolvers<void>
  after: number | undefined
  /** Whether the peer has ever answered. */
  isEstablished: boolean
  /** Whether the watcher was told of the loss that lasts. */
  isLost: boolean
  /** Runs while the peer has not answered. */
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * The watches of one other peer, over one stream. It is opened again when it ends, for as long as there are watches.
 * Each watch then sends the time of the last end that it knows, so that no end is lost and none is told twice.
 */
export class WatchedPeer {
  readonly #init: WatchedPeerInit
  readonly #entries = new Map<number, Entry>()
  readonly #life = new AbortController()
  readonly #backoff = new Backoff(WATCH_RETRY_MS)
  readonly #pause = new Wait()
  readonly #rate = new Rate(WATCH_LINE_RATE)
  #lines: LineChannel | undefined
  /** Why the peer was not reached at the last try. */
  #failure: string | undefined
  #lastId = 0

  constructor(init: WatchedPeerInit) {
    this.#init = init
    void this.#run()
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if this peer watches too many. */
  add(watch: RemoteWatch): WatchHandle {
    if (this.#entries.size >= MAX_WATCHES) {
      throw new GliaError('ERR_BAD_REQUEST', `A peer can watch ${MAX_WATCHES} processes of another.`)
    }
    const id = ++this.#lastId
    const entry: Entry = {
      watch,
      settled: Promise.withResolvers<void>(),
      after: watch.after,
      isEstablished: watch.after !== undefined,
      isLost: false,
      timer: undefined,
    }
    entry.settled.promise.catch(() => undefined) // whoever waits for it is told
    this.#entries.set(id, entry)
    this.#doubt(entry)
    if (this.#lines) this.#ask(id, entry)
    else this.hurry()
    return {
      settled: entry.settled.promise,
      stop: () => {
        if (!this.#entries.has(id)) return
        this.#lines?.send({ type: 'unwatch', id })
        this.#remove(id, entry)
      },
    }
  }

  /** Tries at once to reach the peer, if it is lost. */
  hurry(): void {
    this.#pause.wake()
  }

  /** Ends all watches without a word. */
  stop(): void {
    for (const [id, entry] of this.#entries) this.#remove(id, entry)
  }

  async #run(): Promise<void> {
    const { signal } = this.#life
    // The first watch is added in this turn.
    await Promise.resolve()
    while (!signal.aborted) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one stream after the other
        await this.#converse(await this.#init.open(signal))
      } catch (thrown) {
        const error = toGliaError(thrown)
        this.#failure = error.message
        // After any other failure the next try may succeed. If it does not in time, the watchers are told of the loss.
        if (error.code === 'ERR_BAD_REQUEST') this.#refuseNew(error)
      }
      if (signal.aborted) return
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause.for(this.#backoff.next())
    }
  }

  /** Resolves when the stream is over. */
  async #converse(channel: SessionChannel): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const began = Date.now()
    this.#failure = undefined
    const lines = new LineChannel(channel, { line: (line) => this.#receive(line), closed: resolve })
    this.#lines = lines
    lines.start()
    if (this.#life.signal.aborted) lines.close()
    for (const [id, entry] of this.#entries) this.#ask(id, entry)
    await over
    if (Date.now() - began > WATCH_STEADY_MS) this.#backoff.reset()
    this.#lines = undefined
    for (const entry of this.#entries.values()) this.#doubt(entry)
  }

  #ask(id: number, { watch, after }: Entry): void {
    this.#lines?.send({ type: 'watch', id, pid: watch.pid, after })
  }

  #receive(line: string): void {
    if (!this.#rate.admits('')) throw breach('too many lines')
    const reply = readReply(line)
    const entry = reply && this.#entries.get(reply.id)
    // An answer may cross the end of its watch.
    if (entry) this.#take(reply, entry)
  }

  #take(reply: WatchReply, entry: Entry): void {
    if (reply.type === 'refused') return this.#refused(reply.id, entry, new GliaError(reply.code, reply.message))
    clearTimeout(entry.timer)
    entry.timer = undefined
    entry.isLost = false
    entry.isEstablished = true
    if (reply.type === 'watching') {
      this.#knows(entry, reply.at)
      entry.settled.resolve()
      return
    }
    const { type: _type, id, ...end } = reply
    // It was told before the stream broke.
    if (entry.after !== undefined && end.at <= entry.after) return
    this.#knows(entry, end.at)
    this.#tell(id, entry, end)
  }

  #knows(entry: Entry, at: number): void {
    if (entry.after === at) return
    entry.after = at
    entry.watch.knows?.(at)
  }

  #tell(id: number, entry: Entry, end: ProcessEnd): void {
    if (isLast(end)) this.#remove(id, entry)
    entry.watch.tell(end)
  }

  #refused(id: number, entry: Entry, error: GliaError): void {
    const { isEstablished, settled } = entry
    if (!isEstablished) {
      settled.reject(error)
      this.#remove(id, entry)
      return
    }
    const reason = { type: 'refused', message: error.message }
    this.#tell(id, entry, { kind: 'unreachable', reason, at: Date.now(), final: true })
  }

  #refuseNew(error: GliaError): void {
    for (const [id, entry] of this.#entries) if (!entry.isEstablished) this.#refused(id, entry, error)
  }

  /** The peer does not answer for a watch. If that lasts, the watcher is told, once. */
  #doubt(entry: Entry): void {
    if (entry.isLost || entry.timer !== undefined) return
    entry.timer = setTimeout(() => {
      entry.timer = undefined
      entry.isLost = true
      entry.settled.resolve()
      const lost = `${this.#init.peer} has not been reachable for ${seconds(UNREACHABLE_MS)}.`
      const message = this.#failure === undefined ? lost : `${lost} ${this.#failure}`
      entry.watch.tell({ kind: 'unreachable', reason: { type: 'unreachable', message }, at: Date.now(), final: false })
    }, UNREACHABLE_MS)
  }

  #remove(id: number, entry: Entry): void {
    clearTimeout(entry.timer)
    entry.settled.resolve()
    this.#entries.delete(id)
    if (this.#entries.size > 0) return
    this.#init.idle()
    this.#life.abort(new GliaError('ERR_ABORTED', 'Nothing is watched there any more.'))
    this.#lines?.close()
    this.#pause.wake()
  }
}
