import { GliaError } from '../../glia/errors.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import type { ModuleAsks } from '../module/inspect.ts'
import type { ModuleSource, ReadOptions } from '../module/module-source.ts'
import { isTakeable } from '../module/module-state.ts'
import { type AddedModule, ModuleCache, type ModuleCacheInit } from './module-cache.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { SpawnSteps } from './spawn-options.ts'
import type { ModuleVersion } from './process-record.ts'

/** A compiled module of which nothing was made yet. */
export interface PreparedModule extends ModuleVersion, ModuleAsks {
  /** Its bytes. A spawn or a swap with them and the same cap does not compile them again. */
  blob: Blob
}

export interface ProcessModulesInit extends Pick<ModuleCacheInit, 'load' | 'read'> {
  registry: ProcessRegistry
}

/** The modules of the processes of a peer, compiled as long as a process has them, or is about to. */
export class ProcessModules {
  readonly cache: ModuleCache
  readonly #registry: ProcessRegistry
  /** New versions of processes that are not in place yet. */
  readonly #installing = new Set<ModuleVersion>()

  constructor({ registry, ...init }: ProcessModulesInit) {
    this.#registry = registry
    this.cache = new ModuleCache({
      ...init,
      isPinned: (cid) =>
        this.#isInstalling(cid) || registry.having(cid).some(({ isKept, retired }) => !isKept || retired !== undefined),
    })
  }

  /** Reads and compiles a module for a process. @throws {GliaError} ERR_BAD_MODULE; the signal's reason. */
  async read(source: ModuleSource, maxMemoryBytes: number, { signal, onStage }: SpawnSteps): Promise<AddedModule> {
    onStage?.('compiling')
    const added = await this.cache.add(source, { maxMemoryBytes }, { signal })
    signal?.throwIfAborted()
    return added
  }

  /** Reads and compiles a module, and tells what it asks for. @throws {GliaError} ERR_BAD_MODULE; the signal's reason. */
  async prepare(source: ModuleSource, options?: ReadOptions): Promise<PreparedModule> {
    const order = { maxMemoryBytes: DEFAULT_POLICY.maxMemoryBytes, allowStart: true }
    const { version, inspected, blob } = await this.cache.add(source, order, options)
    return { ...version, ...inspected.asks, blob }
  }

  /** Drops those of the modules that no process has any more. */
  drop(...cids: readonly string[]): void {
    for (const cid of cids)
      if (!this.#isInstalling(cid) && this.#registry.having(cid).length === 0) this.cache.drop(cid)
  }

  /** Keeps the new version of a process compiled while it waits for its place. */
  async whileInstalling<T>(version: ModuleVersion, install: () => Promise<T>): Promise<T> {
    // Two swaps may have the same version.
    const installing = { ...version }
    this.#installing.add(installing)
    try {
      return await install()
    } finally {
      this.#installing.delete(installing)
    }
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if what the process has in memory cannot be taken out of it; ERR_STORAGE */
  async checkTakeable({ record }: ProcessEntry): Promise<void> {
    const { state } = await this.cache.get(record, record.policy.maxMemoryBytes)
    if (isTakeable(state)) return
    throw new GliaError('ERR_BAD_REQUEST', `What ${record.name} has in memory cannot be taken: ${state.why}.`)
  }

  #isInstalling(cid: string): boolean {
    return [...this.#installing].some((version) => version.cid === cid)
  }
}
