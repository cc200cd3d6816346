import { LoadedOnce } from '../../glia/loaded-once.ts'
import { GliaError } from '../../glia/errors.ts'
import { type Exit, type ExitReason, exitText } from '../../glia/process/exit.ts'
import { isOf, Links, type Told, type Watch } from '../../glia/process/links.ts'
import type { KeptWatches, RemoteWatches } from '../../glia/process/remote-watches.ts'
import type { Pid } from '../../glia/pid.ts'
import { post } from '../../glia/stream/post.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { streamPair } from '../../glia/stream/stream-pair.ts'
import type { Birth } from './family.ts'
import type { ProcessEntry } from './process-entry.ts'

/** Most processes that one process may watch. Each end looks through them. */
const MAX_WATCHES = 100

/** A reason in the message to a watcher. */
type ToldReason = Exclude<ExitReason, { type: 'linked' }> | { readonly type: 'linked'; readonly message: string }

/** The message about the end of another process, as JSON. */
interface ExitMessage {
  pid: Pid
  name: string
  reason: ToldReason
  /** Whether it does not come back by itself. */
  final: boolean
}

export interface ProcessLinksInit {
  peerId: string
  get(pid: string): ProcessEntry | undefined
  /** Answers or aborts a call: the router's function. Left out: nobody is told of an end. */
  serveStream?: ((stream: Stream) => Promise<void>) | undefined
  /** Loads what watches processes of other peers. Left out: there are none. */
  watchesOfOthers?: ((watches: KeptWatches) => Promise<RemoteWatches>) | undefined
  /** Called when the ties of the process have changed. */
  changed(entry: ProcessEntry): void
}

/** Watches and links between the processes of a tab. They are kept with the processes that have them. */
export class ProcessLinks implements KeptWatches {
  readonly #init: ProcessLinksInit
  readonly #links = new Links({
    tell: (...end) => this.#tell(...end),
    signal: (...ended) => this.#signal(...ended),
  })

  /** The messages of watches, each with the watches that have told of its end. */
  readonly #messages = new WeakMap<Stream, Told>()
  readonly #remote = new LoadedOnce(async (): Promise<RemoteWatches> => {
    const { watchesOfOthers } = this.#init
    if (!watchesOfOthers) throw new GliaError('ERR_UNREACHABLE', 'This peer has no mesh.')
    return watchesOfOthers(this)
  })

  constructor(init: ProcessLinksInit) {
    this.#init = init
  }

  /**
   * Sends a process a message whenever an instance of the watched process ends, and when that process is killed. The
   * watched process is the caller. The message is JSON: `{"pid", "name", "reason": {"type": …}, "final"}`.
   * @returns the id for {@link unwatch}.
   * @throws {GliaError} ERR_NO_PROC, ERR_NO_METHOD, ERR_BAD_REQUEST if it would watch itself, or too many.
   */
  watch(watcher: string, watched: string, method: string): string {
    const watch = this.#newWatch(watcher, watched, method)
    this.keep(watch)
    return watch.id
  }

  /** The watches of processes of other peers. @throws {GliaError} if there is no mesh. */
  remote(): Promise<RemoteWatches> {
    return this.#remote.get()
  }

  get(id: string): Watch | undefined {
    return this.#links.get(id)
  }

  keep(watch: Watch): void {
    this.#links.watch(watch)
    const entry = this.#init.get(watch.watcher)
    if (entry) this.#keep(entry)
  }

  /** Ends a watch. A watch that is over is no error. */
  unwatch(id: string): void {
    this.#stopRemote(id)
    const watch = this.#links.unwatch(id)
    const entry = watch && this.#init.get(watch.watcher)
    if (entry) this.#keep(entry)
  }

  /**
   * Ends the instance of either process when an instance of the other ends abnormally, unless it watches the other.
   * Each comes back by its restart type.
   * @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST if they are the same.
   */
  link(a: string, b: string): void {
    const both = [this.#entry(a), this.#entry(b)] as const
    this.#link(...both)
    for (const entry of both) this.#keep(entry)
  }

  /**
   * Ties a process to the one that makes it. The records of both have that at once, and whoever keeps one keeps both.
   * @returns the process that makes it.
   * @throws {GliaError} ERR_NO_PROC, ERR_NO_METHOD, ERR_BAD_REQUEST
   */
  tie(child: ProcessEntry, { parent: pid, link, watch }: Birth): ProcessEntry {
    const parent = this.#entry(pid)
    if (watch !== undefined) this.#links.watch(this.#newWatch(pid, child.record.pid, watch))
    if (link) this.#link(parent, child)
    for (const entry of [parent, child]) this.#update(entry)
    return parent
  }

  /** @throws {GliaError} ERR_NO_PROC */
  unlink(a: string, b: string): void {
    const both = [this.#entry(a), this.#entry(b)] as const
    this.#links.unlink(both[0].record.pid, both[1].record.pid)
    for (const entry of both) this.#keep(entry)
  }

  /** Ties processes together as their records say, as far as they are there. */
  restore(entries: Iterable<ProcessEntry>): void {
    for (const { record, log } of entries) {
      for (const watch of record.watches ?? []) {
        if (watch.host === undefined && !this.#init.get(watch.watched)) continue
        this.#links.watch(watch)
        if (watch.host === undefined) continue
        // The page says why there is no mesh.
        const resume = (remote: RemoteWatches): Promise<void> => remote.resume(watch, (why) => log.add('error', why))
        void this.remote().then(resume, () => undefined)
      }
      for (const other of record.links ?? []) if (this.#init.get(other)) this.#links.link(record.pid, other)
    }
  }

  ended(pid: Pid, exit: Exit, counts: boolean): void {
    // Whoever makes it is told that it was not made.
    if (this.#init.get(pid)?.isUnborn) return
    // Between two messages the cause was something else: a kill, a link.
    const message = exit.method === undefined ? undefined : this.#init.get(pid)?.proc.running
    this.#links.ended(pid, exit, counts, message && this.#messages.get(message))
  }

  /** The process is gone for good. @returns the watches that other processes had on it. */
  forget(pid: Pid): Watch[] {
    const watches: Watch[] = []
    for (const { id } of this.#links.watchesOf(pid)) this.#stopRemote(id)
    for (const other of this.#links.forget(pid)) {
      const entry = this.#init.get(other)
      if (!entry) continue
      watches.push(...(entry.record.watches ?? []).filter((watch) => isOf(watch, pid)))
      this.#keep(entry)
    }
    return watches
  }

  /** The process is back: ties it as its record says, and to those who watched it. */
  bringBack(entry: ProcessEntry, watches: readonly Watch[]): void {
    this.restore([entry])
    const watchers = watches.flatMap((watch) => {
      const watcher = this.#init.get(watch.watcher)
      if (watcher) this.#links.watch(watch)
      return watcher ? [watcher] : []
    })
    const linked = this.#links.linksOf(entry.record.pid).map((pid) => this.#init.get(pid))
    for (const tied of new Set([entry, ...watchers, ...linked])) if (tied) this.#keep(tied)
  }

  watcher(pid: string, method: string): Pid {
    const by = this.#entry(pid)
    refuseKeys(by, 'watch others')
    if (!by.record.methods.includes(method)) {
      throw new GliaError('ERR_NO_METHOD', `${by.record.name} has no method “${method}” for its messages about ends.`)
    }
    if (this.#links.watchesOf(by.record.pid).length >= MAX_WATCHES) {
      throw new GliaError('ERR_BAD_REQUEST', `A process can watch ${MAX_WATCHES} others.`)
    }
    return by.record.pid
  }

  #stopRemote(id: string): void {
    void this.#remote.loading?.then(
      (remote) => remote.stop(id),
      () => undefined,
    )
  }

  #entry(pid: string): ProcessEntry {
    const entry = this.#init.get(pid)
    if (!entry) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
    return entry
  }

  #newWatch(watcher: string, watched: string, method: string): Watch {
    const [by, of] = [this.watcher(watcher, method), this.#entry(watched).record.pid]
    if (by === of) throw new GliaError('ERR_BAD_REQUEST', 'A process cannot watch itself.')
    return { id: crypto.randomUUID(), watcher: by, watched: of, method }
  }

  #link(a: ProcessEntry, b: ProcessEntry): void {
    for (const entry of [a, b]) refuseKeys(entry, 'be linked')
    if (a === b) throw new GliaError('ERR_BAD_REQUEST', 'A process cannot be linked to itself.')
    this.#links.link(a.record.pid, b.record.pid)
  }

  #update(entry: ProcessEntry): void {
    const { pid } = entry.record
    entry.update({ watches: this.#links.watchesOf(pid), links: this.#links.linksOf(pid) })
  }

  #keep(entry: ProcessEntry): void {
    this.#update(entry)
    this.#init.changed(entry)
  }

  #tell(watch: Watch, { reason, final }: Exit, told: Told): void {
    const { watched } = watch
    const name = this.#init.get(watched)?.record.name ?? ''
    const message: ExitMessage = { pid: watched, name, reason: withoutPid(reason), final }
    this.send(watch, message, told)
  }

  /** @param told Left out: the end has come from another peer. */
  send({ watcher, watched, method }: Watch, message: object, told: Told = new Set()): void {
    const { peerId, serveStream } = this.#init
    const bytes = new TextEncoder().encode(JSON.stringify(message))
    const address = { host: peerId, proc: watcher, method }
    const [stream, server] = streamPair(address, { caller: watched, expectedBytes: bytes.length })
    this.#messages.set(server, told)
    void serveStream?.(server)
    void post(stream, bytes)
  }

  #signal(pid: Pid, ended: Pid, { reason }: Exit, counts: boolean): void {
    const name = this.#init.get(ended)?.record.name ?? 'A process'
    const message = `${name}, which it is linked to, ended: ${exitText(reason)}`
    this.#init.get(pid)?.proc.signal({ type: 'linked', pid: ended, message }, counts)
  }
}

/** The watcher has the PID of the process that it watches, but not the PIDs of processes linked to that one. */
function withoutPid(reason: ExitReason): ToldReason {
  return reason.type === 'linked' ? { type: reason.type, message: reason.message } : reason
}

/** A process with keys has no instance that could be told of an end, or that shares one. */
function refuseKeys({ record, keys }: ProcessEntry, what: string): void {
  if (keys) throw new GliaError('ERR_BAD_REQUEST', `${record.name} has an instance for each key, and cannot ${what}.`)
}
