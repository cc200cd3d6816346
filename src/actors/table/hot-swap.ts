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

/** Puts new versions of modules under the PIDs of processes, and restarts those with keys. Loaded when it is needed. */
export class HotSwap {
  readonly #init: HotSwapInit

  constructor(init: HotSwapInit) {
    this.#init = init
  }

  async swap(pid: string, source: ModuleSource, steps: SpawnSteps): Promise<void> {
    const { registry, modules } = this.#init
    const entry = registry.findNotRoot(pid, 'be swapped')
    const { maxMemoryBytes } = entry.record.policy
    const { version, inspected, blob } = await modules.read(source, maxMemoryBytes, steps)
    // The swap may wait for long, and other processes with the module may go meanwhile.
    await modules.whileInstalling(version, async () => {
      modules.cache.put(version, maxMemoryBytes, inspected)
      await this.#install(entry, version, steps, blob)
    })
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

  async #install(
    entry: ProcessEntry,
    version: ModuleVersion,
    { signal, onStage }: SpawnSteps,
    blob?: Blob,
  ): Promise<void> {
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
    if (entry.keys) await this.#renew(entry, entry.keys)
    entry.log.add('process', `Now runs ${version.cid}, before it ${cid}.`)
    if (previous) modules.drop(previous.cid)
    await (blob ? keeper.keep(entry, new Map([[version.cid, blob]])) : keeper.keepRecords([entry]))
    swapped(entry)
  }

  /** All instances begin anew, with the present module. */
  async #renew(entry: ProcessEntry, keys: KeyedEntries): Promise<void> {
    entry.update({ renewedAt: Date.now() })
    await entry.proc.renew(this.#init.starter.spec(entry, entry.record))
    await keys.renew()
  }
}
