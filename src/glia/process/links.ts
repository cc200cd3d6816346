import { type Exit, isAbnormal } from './exit.ts'
import { COMMAND } from './actor.ts'
import type { Pid } from '../pid.ts'

/** A process that gets a message whenever another ends (OTP's monitor; this one stays). */
export interface Watch {
  readonly id: string
  readonly watcher: Pid
  readonly watched: Pid
  /** Peer id of the other peer that has the watched process. Left out: this peer has it. */
  readonly host?: string | undefined
  /** The time up to which the watcher knows the ends, by the clock of that peer. */
  readonly after?: number | undefined
  /** Method of the watcher. */
  readonly method: string
}

/**
 * The watches that have told of an end, and of the ends that the telling brought about. Each of them tells once.
 * Otherwise two processes that watch each other, and end when they are told, would go on for ever.
 */
export type Told = Set<Watch['id']>

export interface LinksInit {
  /** Sends the message. @param told The argument for {@link Links.ended} if this message brings an end about. */
  tell(watch: Watch, exit: Exit, told: Told): void
  /** Ends the instance of a process because a linked process has ended. */
  signal(pid: Pid, ended: Pid, exit: Exit, counts: boolean): void
}

/** Watches and links among the processes of a peer. */
export class Links {
  readonly #init: LinksInit
  readonly #watches = new Map<string, Watch>()
  readonly #linked = new Map<Pid, Set<Pid>>()
  /** Processes that end because of one end, which is told within one call. None of them ends twice for it. */
  readonly #ending = new Set<Pid>()

  constructor(init: LinksInit) {
    this.#init = init
  }

  watch(watch: Watch): void {
    this.#watches.set(watch.id, watch)
  }

  get(id: string): Watch | undefined {
    return this.#watches.get(id)
  }

  /** @returns the watch; undefined if there is none. */
  unwatch(id: string): Watch | undefined {
    const watch = this.#watches.get(id)
    this.#watches.delete(id)
    return watch
  }

  watchesOf(watcher: Pid): Watch[] {
    return [...this.#watches.values()].filter((watch) => watch.watcher === watcher)
  }

  /** In both directions. Idempotent. */
  link(a: Pid, b: Pid): void {
    this.#linkedTo(a).add(b)
    this.#linkedTo(b).add(a)
  }

  unlink(a: Pid, b: Pid): void {
    this.#linkedTo(a).delete(b)
    this.#linkedTo(b).delete(a)
  }

  linksOf(pid: Pid): Pid[] {
    return [...(this.#linked.get(pid) ?? [])]
  }

  /**
   * An instance, or a process, has ended: tells its watchers, and, after an abnormal end, ends linked processes that do
   * not watch it. The failed run of a command ends nothing else, nor does a failed start: nothing had begun.
   * @param told Left out: no message of a watch has brought it about.
   */
  ended(pid: Pid, exit: Exit, counts: boolean, told: Told = new Set()): void {
    const watches = [...this.#watches.values()].filter((watch) => isOf(watch, pid))
    for (const watch of watches) {
      if (told.has(watch.id)) continue
      told.add(watch.id)
      this.#init.tell(watch, exit, told)
    }
    if (!isAbnormal(exit.reason) || exit.reason.type === 'start' || exit.isAlone || exit.method === COMMAND) return
    const isFirst = this.#ending.size === 0
    this.#ending.add(pid)
    const cause = exit.reason.type === 'linked' ? exit.reason.pid : undefined
    try {
      for (const other of this.linksOf(pid)) {
        // An end that a swap has put off comes when the end that caused it was told already.
        if (other === cause) continue
        if (this.#ending.has(other) || watches.some(({ watcher }) => watcher === other)) continue
        this.#init.signal(other, pid, exit, counts)
      }
    } finally {
      if (isFirst) this.#ending.clear()
    }
  }

  /** The process is gone for good, with all its ties. @returns the processes that had one. */
  forget(pid: Pid): Pid[] {
    const tied = this.linksOf(pid)
    for (const other of tied) this.unlink(pid, other)
    this.#linked.delete(pid)
    for (const watch of this.#watches.values()) {
      if (watch.watcher !== pid && !isOf(watch, pid)) continue
      this.#watches.delete(watch.id)
      if (isOf(watch, pid)) tied.push(watch.watcher)
    }
    return tied
  }

  #linkedTo(pid: Pid): Set<Pid> {
    const known = this.#linked.get(pid) ?? new Set()
    this.#linked.set(pid, known)
    return known
  }
}

/** Whether a process of this peer is watched. Another peer may have one with the same PID. */
export function isOf({ watched, host }: Watch, pid: Pid): boolean {
  return watched === pid && host === undefined
}
