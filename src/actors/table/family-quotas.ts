import { GliaError } from '../../glia/errors.ts'
import { processOf } from '../../glia/instance-key.ts'
import type { ActorPlace } from '../../glia/process/actor.ts'
import type { Policy } from '../../glia/process/policy.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import { descendantsOf, lineOf } from './lineage.ts'
import type { ProcessEntry } from './process-entry.ts'
import { counted } from '../../glia/counted.ts'

/**
 * The quotas that processes have for their families. A process with keys is one process. In memory each of its instances
 * that lives counts, and it has room for one at any time. For all that have made it, its keys count to their `maxKeys`.
 */
export class FamilyQuotas {
  readonly #entries: () => readonly ProcessEntry[]
  /** Instances that were let in, until their workers end. */
  readonly #granted = new Set<Proc>()
  /** Resolves with the next change; undefined while nobody waits for one. */
  #changed: PromiseWithResolvers<void> | undefined

  /** @param entries All processes of the peer. */
  constructor(entries: () => readonly ProcessEntry[]) {
    this.#entries = entries
  }

  /** A process has changed its state. */
  notice(): void {
    this.#changed?.resolve()
    this.#changed = undefined
  }

  /**
   * Checks that a process may have a child, also by the quotas of those that made it. Idle instances of keys are
   * hibernated if that makes room.
   * @param policy Of the child.
   * @param child Left out: it is yet to be made.
   * @throws {GliaError} ERR_DENIED that names the quota
   */
  check(parent: ProcessEntry, policy: Policy, child?: ProcessEntry): void {
    for (const entry of lineOf(parent, this.#entries())) {
      const { name, policy: own } = entry.record
      const family = this.#familyOf(entry).filter((each) => each !== child)
      if (family.length >= own.maxChildren) {
        throw quota(
          `${name} has made ${counted(family.length, 'process that still exists', 'processes that still exist')}, and may have ${own.maxChildren}`,
        )
      }
      const bytes = (): number => this.#bytesOf(family) + (child ? this.#livePlaces(child) : 1) * policy.maxMemoryBytes
      while (bytes() > own.maxChildrenBytes) {
        if (this.#hibernateOne(child ? [...family, child] : family)) continue
        throw quota(
          `the processes that ${name} has made could use ${bytes()} bytes of memory with this one, and may use ${own.maxChildrenBytes} (policy.maxChildrenBytes)`,
        )
      }
    }
  }

  /**
   * Lets an instance of a key start when those that have made its process have memory for it, after instances of keys
   * that are idle have been hibernated. It waits for one that runs.
   * @param enter Takes a place among all that live.
   * @throws {GliaError} ERR_LIVE_LIMIT that names the quota, if none will give its room up, or none has within the
   * deadline of the process; the signal's reason.
   */
  async enter(proc: Proc, enter: () => Promise<ActorPlace>, signal: AbortSignal): Promise<ActorPlace> {
    const whole = this.#entries().find(({ record }) => record.pid === processOf(proc.pid))
    if (!whole) throw new GliaError('ERR_PROC_STOPPED', 'The process was killed.')
    const { deadlineMs } = proc.policy
    const over = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
    for (let full = this.#fullFor(whole); full; full = this.#fullFor(whole)) {
      if (!this.#hasHope(full, whole)) throw noRoom(full, 'and none can be hibernated: kill one first')
      this.#changed ??= Promise.withResolvers()
      // oxlint-disable-next-line no-await-in-loop -- until there is room
      await orAborted(this.#changed.promise, over).catch(() => {
        signal.throwIfAborted()
        throw noRoom(full, `and none came free within ${seconds(deadlineMs)}`)
      })
    }
    this.#granted.add(proc)
    const leave = (): void => {
      if (this.#granted.delete(proc)) this.notice()
    }
    try {
      const place = await enter()
      return {
        ...place,
        leave: () => {
          place.leave()
          leave()
        },
      }
    } catch (thrown) {
      leave()
      throw thrown
    }
  }

  /**
   * Before a process with keys gets one more: counts the keys of its relatives.
   * @returns a function that checks, without a pause, whether there may be one more.
   * @throws {GliaError} ERR_STORAGE
   */
  async beforeKey(whole: ProcessEntry): Promise<() => void> {
    const parents = lineOf(whole, this.#entries()).slice(1)
    const families = parents.map((parent) => ({
      parent,
      keyed: this.#familyOf(parent).flatMap(({ keys }) => keys ?? []),
    }))
    await Promise.all(families.flatMap(({ keyed }) => keyed.map((keys) => keys.counted())))
    return () => {
      for (const { parent, keyed } of families) {
        const { name, policy } = parent.record
        const count = keyed.reduce((sum, keys) => sum + (keys.count ?? 0), 0)
        if (count < policy.maxKeys) continue
        const words = `The processes that ${name} has made have ${counted(count, 'key')} together, as many as its policy allows (maxKeys: ${policy.maxKeys}).`
        throw new GliaError('ERR_TOO_MANY_KEYS', words)
      }
    }
  }

  #familyOf({ record }: ProcessEntry): ProcessEntry[] {
    return descendantsOf(record.pid, this.#entries())
  }

  /** The process in the line of a process that has no memory for one more of its instances. */
  #fullFor(whole: ProcessEntry): ProcessEntry | undefined {
    const parents = lineOf(whole, this.#entries()).slice(1)
    return parents.find((parent) => {
      const family = this.#familyOf(parent)
      const isOver = (): boolean =>
        // The room of the first instance is kept for it.
        this.#live(whole).length > 0 &&
        this.#bytesOf(family) + whole.record.policy.maxMemoryBytes > parent.record.policy.maxChildrenBytes
      while (isOver()) if (!this.#hibernateOne(family, whole)) return true
      return false
    })
  }

  #bytesOf(family: readonly ProcessEntry[]): number {
    return family.reduce((sum, each) => sum + this.#livePlaces(each) * each.record.policy.maxMemoryBytes, 0)
  }

  /** How many instances of a process count. */
  #livePlaces(entry: ProcessEntry): number {
    return Math.max(1, this.#live(entry).length)
  }

  /** The instances of keys that live, or are about to. */
  #live({ keys }: ProcessEntry): Proc[] {
    return [...(keys?.all() ?? [])].filter((proc) => proc.isLive || this.#granted.has(proc))
  }

  /** Instances whose hibernation makes room. @param whole An instance of this process wants to live. */
  #spare(family: readonly ProcessEntry[], whole?: ProcessEntry): Proc[] {
    return family.flatMap((each) => {
      const live = this.#live(each)
      return live.length > 1 || each === whole ? live : []
    })
  }

  /** Hibernates the instance that has been idle for longest. @returns whether there was one. */
  #hibernateOne(family: readonly ProcessEntry[], whole?: ProcessEntry): boolean {
    const idle = this.#spare(family, whole).filter(({ evictableSince }) => evictableSince !== undefined)
    const [longest] = idle.sort((a, b) => (a.evictableSince ?? 0) - (b.evictableSince ?? 0))
    longest?.evict('Hibernated while it was idle, to make room for another one in the memory of its family.')
    return longest !== undefined && !longest.isLive
  }

  #hasHope(parent: ProcessEntry, whole: ProcessEntry): boolean {
    return this.#spare(this.#familyOf(parent), whole).some(({ mayGiveWay }) => mayGiveWay)
  }
}

function quota(why: string): GliaError {
  return new GliaError('ERR_DENIED', `There may be no more: ${why}.`)
}

function noRoom({ record: { name, policy } }: ProcessEntry, why: string): GliaError {
  return new GliaError(
    'ERR_LIVE_LIMIT',
    `The processes that ${name} has made may use ${policy.maxChildrenBytes} bytes of memory (policy.maxChildrenBytes). Their live instances have taken that, ${why}.`,
  )
}
