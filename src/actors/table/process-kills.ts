import { GliaError } from '../../glia/errors.ts'
import { keyIn } from '../../glia/instance-key.ts'
import type { EntryMaker } from './entry-maker.ts'
import type { KilledProcess, ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessLinks } from './process-links.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { Reminded } from './reminder.ts'

export interface ProcessKillsInit {
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

  constructor(init: ProcessKillsInit) {
    this.#init = init
  }

  /** Whether a process is there, and nobody has begun to kill it. */
  isThere(entry: ProcessEntry): boolean {
    return this.#init.registry.has(entry) && !this.#killing.has(entry)
  }

  /** Ends a process, with all that it has made, or one instance of a process with keys. */
  async kill(pid: string): Promise<KilledProcess> {
    const { registry, reminded } = this.#init
    const key = keyIn(pid)
    if (key !== undefined) {
      const killed = await registry.findKeys(pid).kill(key)
      await reminded()?.keyKilled(killed.record.pid)
      return killed
    }
    const entry = registry.findNotRoot(pid, 'be killed')
    const killing = this.#killing.get(entry) ?? this.#kill(entry)
    this.#killing.set(entry, killing)
    return killing
  }

  async undo({ record, module, modules, files, watches, written, children }: KilledProcess): Promise<void> {
    const {
      registry,
      modules: { cache },
      keeper,
      links,
      maker,
      reminded,
    } = this.#init
    const { pid, name, previous, parent = '' } = record
    if (keyIn(pid) !== undefined) throw new GliaError('ERR_BAD_REQUEST', 'The instance of a key does not come back.')
    if (registry.get(pid)) throw new GliaError('ERR_BAD_REQUEST', `${name} is there already.`)
    if (module) cache.put(record, record.policy.maxMemoryBytes, module)
    const entry = maker.add({
      ...record,
      previous: previous && modules.has(previous.cid) ? previous : undefined,
      parent: registry.get(parent)?.record.pid,
    })
    entry.mounts = modules
    if (files) entry.files.hold(files)
    else entry.log.add('error', 'What it had under /data could not be read when it was killed, and is gone.')
    links.bringBack(entry, watches)
    await written
    await keeper.keep(entry, modules)
    await reminded()?.cameBack(pid)
    await Promise.all(children.map((child) => this.undo(child)))
  }

  /**
   * Ends a process, and nothing that it has made.
   * @returns its files, and the watches that others had on it, which bring it back together with its record.
   */
  async remove(entry: ProcessEntry, reason?: GliaError): Promise<Pick<KilledProcess, 'files' | 'watches' | 'written'>> {
    const { registry, modules, keeper, links, changed } = this.#init
    const { pid, cid, previous } = entry.record
    entry.proc.kill(reason)
    // Another process may have its PID by now.
    if (!registry.has(entry)) return { files: undefined, watches: [], written: Promise.resolve() }
    registry.remove(entry)
    entry.keys?.close()
    modules.drop(cid, previous?.cid ?? cid)
    const watches = links.forget(pid)
    changed()
    const written = entry.memory.release()
    const files = await entry.files.release()
    entry.files.close()
    await keeper.forget(pid)
    return { files, watches, written }
  }

  async #kill(entry: ProcessEntry): Promise<KilledProcess> {
    const { registry, modules, keeper } = this.#init
    const { record, retired } = entry
    const { cid, policy } = record
    // First, so that it makes no more of them.
    entry.proc.kill()
    const children = await Promise.all(registry.childrenOf(record.pid).map((child) => this.#killChild(child)))
    const killed = {
      record: { ...record, dead: undefined },
      children: children.filter((child) => child !== undefined),
      module: await modules.cache.peek(cid, policy.maxMemoryBytes)?.catch(() => undefined),
      modules: await (retired ?? keeper.modules(record)),
    }
    return { ...killed, ...(await this.remove(entry)) }
  }

  /** @returns undefined if the process is yet to be made: whoever makes it is told that it was not. */
  async #killChild(child: ProcessEntry): Promise<KilledProcess | undefined> {
    if (!child.isUnborn) return this.kill(child.record.pid)
    await this.remove(child, orphaned())
    return undefined
  }
}

/** Why a process is not made whose parent is gone. */
export function orphaned(): GliaError {
  return new GliaError('ERR_PROC_STOPPED', 'The process that makes this one was killed.')
}
