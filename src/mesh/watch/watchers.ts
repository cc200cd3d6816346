import { GliaError } from '../../glia/errors.ts'
import { methodsFor } from '../../glia/process/admit.ts'
import type { Exit } from '../../glia/process/exit.ts'
import { mayCall } from '../../glia/process/callers.ts'
import { isLast, startOfWatch, toldEnd, type Watched } from '../../glia/process/told-end.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { Rate } from '../dial/rate.ts'
import { MAX_WATCHES, MAX_WATCHES_IN_ALL, WATCH_LINE_RATE } from '../limits.ts'
import { LineChannel } from './line-channel.ts'
import { breach, readRequest, type WatchReply, type WatchRequest } from './messages.ts'

export interface WatchersInit {
  /** A process of this peer, or one that was killed not long ago. */
  find(pid: string): Watched | undefined
}

/** The other peers that watch processes of this one. Each has one stream, whose end frees everything. */
export class Watchers {
  readonly #find: WatchersInit['find']
  readonly #streams = new Map<string, WatcherStream>()
  readonly #rate = new Rate(WATCH_LINE_RATE)
  #watches = 0

  constructor({ find }: WatchersInit) {
    this.#find = find
  }

  /** Watches under way, of all peers. */
  get watches(): number {
    return this.#watches
  }

  /** Takes a stream that another peer opened. It replaces an older one of that peer, which may be dead. */
  accept(channel: SessionChannel, peer: string): void {
    this.#streams.get(peer)?.lines.close(new GliaError('ERR_RESET', 'A newer stream takes its place.'))
    const stream: WatcherStream = new WatcherStream(channel, {
      peer,
      find: this.#find,
      hasRoom: () => this.#watches < MAX_WATCHES_IN_ALL,
      counted: (more) => (this.#watches += more),
      mayAsk: () => this.#rate.admits(peer),
      over: () => {
        if (this.#streams.get(peer) === stream) this.#streams.delete(peer)
      },
    })
    this.#streams.set(peer, stream)
    stream.lines.start()
  }
}

interface WatcherStreamInit extends WatchersInit {
  peer: string
  hasRoom(): boolean
  /** Told how many watches there are more now. */
  counted(more: number): void
  mayAsk(): boolean
  over(): void
}

class WatcherStream {
  readonly lines: LineChannel
  readonly #init: WatcherStreamInit
  /** How each watch is stopped, by its id. */
  readonly #stops = new Map<number, () => void>()

  constructor(channel: SessionChannel, init: WatcherStreamInit) {
    this.#init = init
    this.lines = new LineChannel(channel, { line: (line) => this.#receive(line), closed: () => this.#closed() })
  }

  #closed(): void {
    for (const id of this.#stops.keys()) this.#drop(id)
    this.#init.over()
  }

  #receive(line: string): void {
    if (!this.#init.mayAsk()) throw breach('too many lines')
    const request = readRequest(line)
    if (request?.type === 'watch') this.#watch(request)
    else if (request) this.#drop(request.id)
  }

  #watch({ id, pid, after }: Extract<WatchRequest, { type: 'watch' }>): void {
    if (this.#stops.has(id)) throw breach('an id for two watches')
    const watched = this.#init.find(pid)
    if (watched && !this.#mayWatch(watched)) return this.#deny(id)
    if (this.#stops.size >= MAX_WATCHES || !this.#init.hasRoom()) {
      return this.#refuse(id, new GliaError('ERR_MAILBOX_FULL', 'This peer is watched too often. Try again later.'))
    }
    const { at, ends } = startOfWatch(watched, after)
    this.#send({ type: 'watching', id, at })
    if (watched && !ends.some(isLast)) {
      const stop = watched.ends.listen((exit) => this.#ended(id, watched, exit))
      this.#stops.set(id, stop)
      this.#init.counted(1)
    }
    for (const end of ends) this.#send({ type: 'gone', id, ...end })
  }

  #ended(id: number, watched: Watched, exit: Exit): void {
    // The policy may have changed since.
    if (!this.#mayWatch(watched)) return this.#deny(id)
    const end = toldEnd(exit)
    if (isLast(end)) this.#drop(id)
    this.#send({ type: 'gone', id, ...end })
  }

  /** A peer that may call a method may watch. For a process without methods, its policy says who could call one. */
  #mayWatch(watched: Watched): boolean {
    const { peer } = this.#init
    const { policy, methods } = watched
    return methods.length === 0 ? mayCall(policy, peer, '') : methodsFor(watched, [peer]).length > 0
  }

  /** The words say nothing about the process. */
  #deny(id: number): void {
    this.#refuse(id, new GliaError('ERR_DENIED', 'You may not watch this process: its policy does not list you.'))
  }

  #refuse(id: number, { code, message }: GliaError): void {
    this.#drop(id)
    this.#send({ type: 'refused', id, code, message })
  }

  #drop(id: number): void {
    this.#stops.get(id)?.()
    if (this.#stops.delete(id)) this.#init.counted(-1)
  }

  #send(reply: WatchReply): void {
    this.lines.send(reply)
  }
}
