import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { ModuleSource } from '../module/module-source.ts'
import type { ActorStarter } from './actor-starter.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { SpawnSteps } from './spawn-options.ts'
import type { ModuleVersion } from './process-record.ts'

export interface HotSwapInit {
  registry: ProcessRegistry
  modules: ProcessModules
  keeper: ProcessKeeper
  starter: ActorStarter
  /** Called when a process has another version. */
  swapped(entry: ProcessEntry): void
}

export interface Swapped {
  /**
   * Brings the module back that was there before. Left out: it is the same one.
   * @throws {GliaError} ERR_TOO_LATE if there was another swap since; otherwise like `swapBack`
   */
  undo?: () => Promise<void>
}

/** Puts new versions of modules under the PIDs of processes, and restarts those with keys. Loaded when it is needed. */
export class HotSwap {
  readonly #init: HotSwapInit

  constructor(init: HotSwapInit) {
    this.#init = init
  }

  async swap(pid: string, source: ModuleSource, steps: SpawnSteps): Promise<Swapped> {
    const { registry, modules } = this.#init
    const entry = registry.findNotRoot(pid, 'be swapped')
    const { maxMemoryBytes } = entry.record.policy
    const { version, inspected, blob } = await modules.read(source, maxMemoryBytes, steps)
    // The swap may wait for long, and other processes with the module may go meanwhile.
    const before = await modules.whileInstalling(version, async () => {
      modules.cache.put(version, maxMemoryBytes, inspected)
      return this.#install(entry, version, steps, blob)
    })
    const { cid } = version
    return cid === before ? {} : { undo: () => this.#putBack(pid, cid, before) }
  }

  async swapBack(pid: string, steps: SpawnSteps): Promise<void> {
    const entry = this.#init.registry.findNotRoot(pid, 'be swapped')
    const { name, previous } = entry.record
    if (!previous) throw new GliaError('ERR_BAD_REQUEST', `${name} has no earlier version to go back to.`)
    await this.#install(entry, previous, steps)
  }

  /** All instances of a process with keys begin anew, and it is kept. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  async renew(pid: string): Promise<void> {
    const { registry, keeper } = this.#init
    const entry = registry.find(pid)
    await this.#renew(entry, registry.findKeys(pid))
    await keeper.keepRecords([entry])
  }

  /** Undoes one swap, and not a later one. */
  async #putBack(pid: string, cid: string, before: string): Promise<void> {
    const { name, cid: now, previous } = this.#init.registry.find(pid).record
    if (now !== cid || previous?.cid !== before) {
      throw new GliaError('ERR_TOO_LATE', `It is too late to undo that: ${name} has been swapped again.`)
    }
    await this.swapBack(pid, {})
  }

  /** @returns the CID of the module that was there before. */
  async #install(
    entry: ProcessEntry,
    version: ModuleVersion,
    { signal, onStage }: SpawnSteps,
    blob?: Blob,
  ): Promise<string> {
    const { modules, keeper, starter, swapped } = this.#init
    onStage?.('starting')
    try {
      if (entry.keys) await entry.keys.tryOut((live) => starter.spec(live, version, true), signal)
      else await entry.proc.swap(starter.spec(entry, version, true), signal)
    } catch (thrown) {
      const error = toGliaError(thrown, 'ERR_START')
      entry.log.add('error', `The new version was not taken, and the old one stays: ${error.message} ${error.code}`)
      throw error
    }
    const { cid, moduleBytes, methods, previous } = entry.record
    const before = cid === version.cid ? previous : { cid, moduleBytes, methods }
    entry.update({ ...version, previous: before })
    try {
      if (entry.keys) await this.#renew(entry, entry.keys)
    } finally {
      // Also if the store has just failed: it is tried again.
      entry.log.add('process', `Now runs ${version.cid}, before it ${cid}.`)
      if (previous) modules.drop(previous.cid)
      await (blob ? keeper.keep(entry, new Map([[version.cid, blob]])) : keeper.keepRecords([entry]))
    }
    swapped(entry)
    return cid
  }

  /** All instances begin anew, with the present module. */
  async #renew(entry: ProcessEntry, keys: KeyedEntries): Promise<void> {
    entry.update({ renewedAt: Date.now() })
    await entry.proc.renew(this.#init.starter.spec(entry, entry.record))
    await keys.renew()
  }
}
