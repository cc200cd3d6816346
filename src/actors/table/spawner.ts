import { GliaError, toGliaError } from '../../glia/errors.ts'
import { checkMethodNames, type GivenPolicy, type Policy } from '../../glia/process/policy.ts'
import type { FileEntry } from '../files/files-api.ts'
import type { MountedFile } from '../files/given-mounts.ts'
import { type PartedFiles, partGivenFiles } from '../files/parted-files.ts'
import type { ModuleSource } from '../module/module-source.ts'
import type { EntryMaker } from './entry-maker.ts'
import type { FamilyQuotas } from './family-quotas.ts'
import type { Birth } from './family.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import { orphaned, type ProcessKills } from './process-kills.ts'
import type { ProcessLinks } from './process-links.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { FromSnapshot } from './snapshots.ts'
import { completeSpawnOptions, type SpawnOptions, type SpawnSteps } from './spawn-options.ts'
import type { ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'

export interface SpawnerInit {
  /** Identity to which the processes belong. */
  slot: number
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  registry: ProcessRegistry
  modules: ProcessModules
  keeper: ProcessKeeper
  links: ProcessLinks
  maker: EntryMaker
  kills: ProcessKills
  quotas(): Promise<FamilyQuotas>
  /** Called when there is a new process. */
  spawned(entry: ProcessEntry): void
}

/** Makes processes, also for other processes. */
export class Spawner {
  readonly #init: SpawnerInit

  constructor(init: SpawnerInit) {
    this.#init = init
  }

  /**
   * Makes a process of a module and starts it.
   * @param from What it goes on from. Left out: it begins anew.
   * @throws {GliaError} ERR_BAD_MODULE, ERR_BAD_REQUEST or ERR_START if it is refused, and then there is no process;
   * ERR_DENIED if the process that makes it has less rights, or no quota left; the reason of the signal.
   */
  async spawn(
    source: ModuleSource,
    given: SpawnOptions,
    steps: SpawnSteps,
    fixed: Pick<ProcessRecord, 'pid' | 'createdAt' | 'root'>,
    from?: FromSnapshot['from'],
  ): Promise<ProcessEntry> {
    const { slot, store, modules, keeper, links, maker, kills, spawned } = this.#init
    const { birth } = steps
    const options = completeSpawnOptions(given, 'actor')
    if (options.key && from?.whole) {
      throw wrongKey('the snapshot is of one instance, and goes on as a process without keys')
    }
    const family =
      birth && (await this.#beget(birth, options.key ? { memory: 'durable', ...given.policy } : given.policy))
    const policy = family?.policy ?? options.policy
    const { maxMemoryBytes, maxDataBytes } = policy
    const parted = from?.parted ?? partGivenFiles(given.files)
    if (options.key && parted.files !== undefined) {
      throw wrongKey('each key has a /data of its own, which begins empty. Give read-only files, at other paths')
    }
    const files = parted.files !== undefined && (await readFiles(parted.files, maxDataBytes, steps.signal))
    const { mounted, blobs } = await readMounts(parted.mounts)
    if (options.key) await maker.loadKeys()
    const keptKeys = from?.instances && (await import('./kept-keys.ts'))
    keptKeys?.checkKeys(from?.instances ?? [], policy)
    const { version, inspected, blob } = await modules.read(source, maxMemoryBytes, steps)
    checkMethodNames(policy, version.methods)
    // Others may have been made meanwhile.
    family?.check()
    // The last process with the module may have gone just now.
    modules.cache.put(version, maxMemoryBytes, inspected)
    const mounts = mounted.length > 0 ? { mounts: mounted } : {}
    const parent = birth && { parent: birth.parent }
    const entry = maker.add({ ...options, policy, ...fixed, ...version, ...mounts, ...parent, slot })
    entry.mounts = blobs
    entry.isUnborn = birth !== undefined
    if (from?.whole) entry.memory.give(from.whole)
    steps.onStage?.('starting')
    // Beside the start: both take their time, and neither needs the other. A process that does not start is forgotten.
    let keeping: Promise<void> | undefined
    try {
      if (files) await entry.files.put(files)
      // Before it is kept: after a crash there is the process with its ties, or neither.
      // A file may be of a process with keys, which cannot be linked.
      const tied = birth ? [links.tie(entry, { ...birth, link: birth.link && !options.key })] : []
      keeping = keeper.keep(entry, new Map([...blobs, [version.cid, blob]]), tied)
      await keptKeys?.fillKeys(entry, from?.instances ?? [], { store, keeping, signal: steps.signal })
      await entry.proc.warmUp(steps.signal)
    } catch (thrown) {
      const error = toGliaError(thrown, 'ERR_START')
      // If every place is taken it stays cold, and starts when there is room.
      if (error.code !== 'ERR_LIVE_LIMIT') {
        await kills.remove(entry, error)
        throw error
      }
    }
    await keeping
    if (birth) await this.#bear(entry, birth, steps.signal)
    spawned(entry)
    return entry
  }

  /**
   * Before a process makes another one.
   * @returns the policy of the child, and a function that checks once more, without a pause, whether it may be made.
   * @throws {GliaError} ERR_DENIED, ERR_BAD_REQUEST, ERR_NO_METHOD; ERR_PROC_STOPPED if the parent is gone
   */
  async #beget({ parent: pid, watch }: Birth, given: GivenPolicy = {}): Promise<{ policy: Policy; check(): void }> {
    const { registry, links, kills } = this.#init
    const { policyOfChild, checkAtMost } = await import('./family.ts')
    const quotas = await this.#init.quotas()
    const parent = registry.find(pid)
    if (watch !== undefined) links.watcher(pid, watch)
    const policy = policyOfChild(given, parent.record.policy)
    const check = (): void => {
      if (!kills.isThere(parent)) throw orphaned()
      checkAtMost(policy, parent.record.policy)
      quotas.check(parent, policy)
    }
    check()
    return { policy, check }
  }

  /** A new process is there for its parent, or ends if the parent, or the message that made it, is over by now. */
  async #bear(entry: ProcessEntry, { parent }: Birth, signal: AbortSignal | undefined): Promise<void> {
    const { registry, kills } = this.#init
    try {
      signal?.throwIfAborted()
      if (!kills.isThere(registry.find(parent)) || !kills.isThere(entry)) throw orphaned()
      entry.isUnborn = false
    } catch (thrown) {
      const error = toGliaError(thrown)
      await kills.remove(entry, error)
      throw error
    }
  }
}

async function readFiles(
  given: NonNullable<PartedFiles['files']>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<FileEntry[]> {
  const { readGivenFiles } = await import('../files/given-files.ts')
  return readGivenFiles(given, maxBytes, signal)
}

async function readMounts(
  given: PartedFiles['mounts'],
): Promise<{ mounted: readonly MountedFile[]; blobs: ReadonlyMap<string, Blob> }> {
  if (given.size === 0) return { mounted: [], blobs: new Map() }
  const { readMounts: read } = await import('../files/given-mounts.ts')
  return read(given)
}

function wrongKey(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `spawn, key: ${why}.`)
}
