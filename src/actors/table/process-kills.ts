import { GliaError } from '../../glia/errors.ts'
import { keyIn } from '../../glia/instance-key.ts'
import type { Logger } from '../../glia/log.ts'
import type { EntryMaker } from './entry-maker.ts'
import type { HiddenProcesses } from './hidden-processes.ts'
import type { KilledProcess, ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessLinks } from './process-links.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { ProcessStore } from './process-store.ts'
import type { Reminded } from './reminder.ts'

export interface ProcessKillsInit {
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  log: Logger
  registry: ProcessRegistry
  modules: ProcessModules
  keeper: ProcessKeeper
  links: ProcessLinks
  maker: EntryMaker
  /** Undefined: nobody has reminders. */
  reminded(): Reminded | undefined
  /** Called when something has changed that a view shows. */
  changed(): void
}

/** Ends processes with their families, and undoes that. */
export class ProcessKills {
  readonly #init: ProcessKillsInit
  /** Kills under way, so that a process that is killed twice is brought back once. */
  readonly #killing = new WeakMap<ProcessEntry, Promise<KilledProcess>>()
  /** Loaded with the first kill that may be undone. */
  #hidden: HiddenProcesses | undefined

  constructor(init: ProcessKillsInit) {
    this.#init = init
  }

  /** Whether a process is there, and nobody has begun to kill it. */
  isThere(entry: ProcessEntry): boolean {
    return this.#init.registry.has(entry) && !this.#killing.has(entry)
  }

  /**
   * Ends a process, with all that it has made, or one instance of a process with keys.
   * @param mayComeBack Whether the store keeps what it has, in case that this is undone.
   */
  async kill(pid: string, mayComeBack = false): Promise<KilledProcess> {
    const { registry, reminded } = this.#init
    const key = keyIn(pid)
    if (key !== undefined) {
      const killed = await registry.findKeys(pid).kill(key)
      await reminded()?.keyKilled(killed.record.pid)
      return killed
    }
    const entry = registry.findNotRoot(pid, 'be killed')
    const killing = this.#killing.get(entry) ?? this.#kill(entry, mayComeBack)
    this.#killing.set(entry, killing)
    return killing
  }

  async undo(killed: KilledProcess): Promise<void> {
    const { undoKill } = await import('./undo-kill.ts')
    await undoKill(killed, { ...this.#init, hidden: this.#hidden })
  }

  /** The page ends: what was killed cannot come back. Never rejects. */
  async forgetHidden(): Promise<void> {
    await this.#hidden?.forgetAll()
  }

  /**
   * Ends a process, and nothing that it has made.
   * @param isStored Whether all that it has is in the store, and may stay there for an undo.
   * @returns its files, and the watches that others had on it, which bring it back together with its record.
   */
  async remove(
    entry: ProcessEntry,
    reason?: GliaError,
    isStored = false,
  ): Promise<Pick<KilledProcess, 'files' | 'watches' | 'written' | 'isHidden'>> {
    const { registry, modules, keeper, links, changed } = this.#init
    const { pid, cid, previous } = entry.record
    entry.proc.kill(reason)
    // Another process may have its PID by now.
    if (!registry.has(entry)) return { files: undefined, watches: [], written: Promise.resolve() }
    registry.remove(entry)
    const instances = entry.keys?.entries ?? []
    entry.keys?.close()
    modules.drop(cid, previous?.cid ?? cid)
    const watches = links.forget(pid)
    changed()
    const written = Promise.all([entry, ...instances].map(({ memory }) => memory.release()))
    if (isStored && (await this.#hidden?.hide(entry.record))) {
      entry.files.close()
      return { files: undefined, watches, written, isHidden: true }
    }
    const files = await entry.files.release()
    entry.files.close()
    await keeper.forget(pid)
    return { files, watches, written }
  }

  async #kill(entry: ProcessEntry, mayComeBack: boolean): Promise<KilledProcess> {
    const { registry, modules, keeper } = this.#init
    const isStored = mayComeBack && (await this.#store(entry))
    const { record, retired } = entry
    const { cid, policy } = record
    // Before its family, so that it makes no more of them.
    entry.proc.kill()
    const family = registry.childrenOf(record.pid).map((child) => this.#killChild(child, mayComeBack))
    const children = await Promise.all(family)
    const killed = {
      record: { ...record, dead: undefined },
      children: children.filter((child) => child !== undefined),
      module: await modules.cache.peek(cid, policy.maxMemoryBytes)?.catch(() => undefined),
      modules: await (retired ?? keeper.modules(record)),
    }
    return { ...killed, ...(await this.remove(entry, undefined, isStored)) }
  }

  /** If the store has more of a process than its page holds for an undo: stores the rest, and ends it. @returns whether it has */
  async #store(entry: ProcessEntry): Promise<boolean> {
    const { store, keeper, log } = this.#init
    const { record, isKept, retired, keys } = entry
    if (!store || !isKept || retired || !(keys || record.policy.memory === 'durable')) return false
    const { HiddenProcesses, storeBeforeKill } = await import('./hidden-processes.ts')
    this.#hidden ??= new HiddenProcesses({ store, log, forget: (pid) => keeper.forget(pid) })
    keeper.hidden = (pid) => this.#hidden?.get(pid)
    return storeBeforeKill(entry)
  }

  /** @returns undefined if the process is yet to be made: whoever makes it is told that it was not. */
  async #killChild(child: ProcessEntry, mayComeBack: boolean): Promise<KilledProcess | undefined> {
    if (!child.isUnborn) return this.kill(child.record.pid, mayComeBack)
    await this.remove(child, orphaned())
    return undefined
  }
}

/** Why a process is not made whose parent is gone. */
export function orphaned(): GliaError {
  return new GliaError('ERR_PROC_STOPPED', 'The process that makes this one was killed.')
}
