import { LoadedOnce } from '../../glia/loaded-once.ts'
import { GliaError } from '../../glia/errors.ts'
import { type ListedProcess, listingFor } from '../../glia/listing.ts'
import type { Logger } from '../../glia/log.ts'
import { processOf } from '../../glia/instance-key.ts'
import { newPid, type Pid } from '../../glia/pid.ts'
import type { GivenPolicy, PolicyChange } from '../../glia/process/policy.ts'
import type { Proc } from '../../glia/process/proc.ts'
import type { Watched } from '../../glia/process/told-end.ts'
import { cidOf } from '../module/cid.ts'
import type { ModuleSource, ReadOptions } from '../module/module-source.ts'
import { readModuleBeside } from '../module/read-module.ts'
import type { SendHttp } from '../outgoing/http-request.ts'
import type { OutgoingMesh } from '../outgoing/outgoing-calls.ts'
import type { SnapshotInfo } from '../snapshot/history.ts'
import { LiveActors } from '../worker/live-actors.ts'
import type { TierName } from '../worker/worker-api.ts'
import { ActorStarter } from './actor-starter.ts'
import { DataFiles } from './data-files.ts'
import { EntryMaker } from './entry-maker.ts'
import type { FamilyQuotas } from './family-quotas.ts'
import type { HotSwap, HotSwapInit, Swapped } from './hot-swap.ts'
import type { KeyList, KeyListOptions } from './key-list.ts'
import type { PolicyChangesInit } from './policy-changes.ts'
import type { KilledProcess, ProcessEntry } from './process-entry.ts'
import { ProcessKeeper } from './process-keeper.ts'
import { ProcessKills } from './process-kills.ts'
import { ProcessLinks, type ProcessLinksInit } from './process-links.ts'
import type { ProcessMemoriesInit } from './process-memories.ts'
import { type PreparedModule, ProcessModules } from './process-modules.ts'
import { ProcessRegistry } from './process-registry.ts'
import type { Reminded } from './reminder.ts'
import type { SpawnOptions, SpawnSteps } from './spawn-options.ts'
import { Spawner } from './spawner.ts'
import { stopProcesses } from './stop-processes.ts'
import type { ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'

export interface ProcessTableInit {
  /** Identity to which the processes belong. */
  slot: number
  peerId: string
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  tier: TierName
  /** Starts the actor worker's script. */
  createWorker(): Promise<Worker>
  /** For processes that call others, or are told of their ends. Left out: no process does. */
  mesh?: OutgoingMesh | undefined
  /** For processes that may send HTTP requests. Left out: their requests fail. */
  sendHttp?: SendHttp | undefined
  /** Loads what watches processes of other peers. Left out: no process watches any. */
  watchesOfOthers?: ProcessLinksInit['watchesOfOthers']
  log: Logger
  /** Called when a process shares its module, with the CID of that. It may be called again for the same one. */
  shared?(cid: string): void
  /** Called, often, when something has changed that a view shows. The listener thins it out. */
  changed(): void
  /** Workers that may live at once. Left out: as many as the browser takes. */
  liveLimit?: number | undefined
}

/** The processes of a peer: makes them, keeps them across reloads, ends them. */
export class ProcessTable {
  /** Watches and links. */
  readonly links: ProcessLinks
  /** Their files under `/data`. */
  readonly files: DataFiles
  /** Told of kills. Undefined: nobody has reminders. */
  reminded: Reminded | undefined
  readonly #init: ProcessTableInit
  readonly #registry = new ProcessRegistry()
  readonly #keeper: ProcessKeeper
  readonly #modules: ProcessModules
  /** For what is loaded when it is needed. */
  readonly #memories = new LoadedOnce(async () => new (await import('./later.ts')).ProcessMemories(this.#parts))
  readonly #parts: ProcessMemoriesInit & Omit<HotSwapInit, 'swapped'> & Omit<PolicyChangesInit, 'changed'>
  readonly #maker: EntryMaker
  readonly #kills: ProcessKills
  readonly #spawner: Spawner
  #root: Pid | undefined

  constructor(init: ProcessTableInit) {
    const { peerId, store, slot, mesh, watchesOfOthers, liveLimit, createWorker } = init
    const registry = this.#registry
    const keeper = new ProcessKeeper({ ...init, has: (entry) => registry.has(entry) && !entry.retired })
    const load = (cid: string): Promise<Blob> => keeper.load(cid)
    const modules = new ProcessModules({ registry, load, read: (...given) => readModuleBeside(createWorker, ...given) })
    const live = new LiveActors(() => registry.procs(), liveLimit)
    let familyQuotas: FamilyQuotas | undefined
    const quotas = async (): Promise<FamilyQuotas> => {
      const { FamilyQuotas: Loaded } = await import('./family.ts')
      return (familyQuotas ??= new Loaded(() => registry.all))
    }
    const starter = new ActorStarter({ ...init, modules: modules.cache, live, quotas, load })
    const changed = (): void => {
      live.notice()
      familyQuotas?.notice()
      init.changed()
    }
    const links = new ProcessLinks({
      peerId,
      get: (pid) => registry.get(pid),
      serveStream: mesh && ((stream) => mesh.serve(stream)),
      watchesOfOthers,
      changed: (entry) => {
        keeper.save(entry)
        init.changed()
      },
    })
    const reminded = (): Reminded | undefined => this.reminded
    const parts = { store, slot, registry, keeper, modules, starter, links, quotas, reminded, changed }
    const maker = new EntryMaker(parts)
    const kills = new ProcessKills({ ...parts, log: init.log, maker })
    this.#init = init
    this.#keeper = keeper
    this.#modules = modules
    this.#parts = parts
    this.#maker = maker
    this.#kills = kills
    this.#spawner = new Spawner({ ...parts, maker, kills, spawned: (entry) => this.#tellShared(entry) })
    this.links = links
    this.files = new DataFiles(registry)
  }

  /** PID of the bundled root process. @throws {GliaError} ERR_NO_PROC before it exists. */
  get rootPid(): Pid {
    if (!this.#root) throw new GliaError('ERR_NO_PROC', 'The root process is not there yet.')
    return this.#root
  }

  /** @param pid Of a process, or of one of its instances. */
  get(pid: string): Proc | undefined {
    return this.entryOf(processOf(pid))?.proc
  }

  /** @param pid Of a process, and not of one of its instances. */
  entryOf(pid: string): ProcessEntry | undefined {
    return this.#registry.get(pid)
  }

  /** What the watchers of a process must know of it, also of one that was killed not long ago. */
  watched(pid: string): Watched | undefined {
    return this.#registry.watched(pid)
  }

  /** What other peers may be told of a process. */
  find(pid: string): ProcessRecord | undefined {
    return this.entryOf(pid)?.record
  }

  /** A module that the owner of a process shares. @throws {GliaError} ERR_STORAGE */
  async shared(cid: string): Promise<{ name: string; blob: Blob } | undefined> {
    const entry = this.entries.find(({ record }) => record.cid === cid && record.policy.shareModule)
    return entry && { name: entry.record.name, blob: await this.moduleOf(entry.record.pid) }
  }

  /** Root first, then by age. */
  get entries(): ProcessEntry[] {
    return this.#registry.all
  }

  /** The processes that are listed to a peer, or to `browser`. The root process is found by its alias. */
  listedTo(asker: string): ListedProcess[] {
    const others = this.entries.filter(({ record }) => !record.root)
    return listingFor(
      asker,
      others.map(({ record }) => record),
    )
  }

  /** Brings the kept processes of this identity back, cold. */
  async restore(): Promise<void> {
    const records = await this.#keeper.all()
    if (records.some(({ key }) => key)) await this.#maker.loadKeys()
    const family = records.some(({ parent }) => parent !== undefined) ? await import('./family.ts') : undefined
    for (const record of family?.withinFamilies(records) ?? records) {
      const entry = this.#maker.add(record)
      entry.isPut(record, false)
      this.#tellShared(entry)
    }
    this.links.restore(this.entries)
    this.#init.changed()
    // Only views want to know. No call waits for it.
    this.#findMemories().catch((thrown: unknown) => this.#init.log.warn('kept memories were not looked for:', thrown))
  }

  /**
   * Makes sure that there is a root process with the given module. The root of an older build keeps its PID.
   * @param pid Of a new root. Left out: any.
   */
  async ensureRoot(bytes: Uint8Array<ArrayBuffer>, pid = newPid()): Promise<void> {
    const old = this.entries.find(({ record }) => record.root)
    if (old) {
      this.#root = old.record.pid
      if (old.record.cid === (await cidOf(bytes))) return
      const why = new GliaError('ERR_PROC_STOPPED', 'The root process is replaced by that of a newer build.')
      await (
        await this.#kills.remove(old, why)
      ).written
    }
    const root = { pid: old?.record.pid ?? pid, createdAt: old?.record.createdAt ?? 0, root: true }
    // What the owner has closed stays closed.
    const policy = old?.record.policy
    this.#root = (await this.#spawner.spawn(bytes, { name: 'root', policy }, {}, root)).record.pid
  }

  /**
   * Reads and compiles a module, and tells what it asks for. Asking for more memory than the default is no error: a
   * person may allow more.
   * @throws {GliaError} ERR_BAD_MODULE; the reason of the signal.
   */
  async prepare(source: ModuleSource, options?: ReadOptions): Promise<PreparedModule> {
    return this.#modules.prepare(source, options)
  }

  /** A prepared module is not wanted after all. */
  discard(cid: string): void {
    this.#modules.drop(cid)
  }

  /**
   * Makes a process of a module and starts it.
   * @throws {GliaError} ERR_BAD_MODULE, ERR_BAD_REQUEST or ERR_START if it is refused, and then there is no process;
   * ERR_DENIED if the process that makes it has less rights, or no quota left; the reason of the signal.
   */
  async spawn(source: ModuleSource, options: SpawnOptions, steps: SpawnSteps = {}): Promise<Pid> {
    return (await this.#spawner.spawn(source, options, steps, newProcess())).record.pid
  }

  /**
   * Makes a process of a snapshot file. It goes on where the other one was.
   * @param options What is left out is as it was for the other one; the policy is the default.
   * @throws like {@link spawn}; ERR_BAD_SNAPSHOT.
   */
  async spawnFrom(file: Blob, options: SpawnOptions, steps: SpawnSteps = {}): Promise<Pid> {
    const { fromSnapshot } = await import('./snapshots.ts')
    const { module, options: given, from } = await fromSnapshot(file, options)
    return (await this.#spawner.spawn(module, given, steps, newProcess(), from)).record.pid
  }

  /**
   * Makes another process like this one: the same module, arguments, policy, restart and files, with a PID and a memory
   * of its own. Resolves to its PID.
   * @throws {GliaError} ERR_NO_PROC, ERR_STORAGE; like {@link spawn}.
   */
  async duplicate(pid: string, name: string, steps: SpawnSteps = {}): Promise<Pid> {
    const entry = this.#registry.find(pid)
    const { duplicate } = await import('./later.ts')
    return duplicate(this, entry, (cid) => this.#keeper.contentOf(entry, cid), name, steps)
  }

  /**
   * Stores what a process has in memory. Resolves when it is stored for good.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if its policy or its module does not allow that; ERR_STORAGE;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async checkpoint(pid: string, signal?: AbortSignal): Promise<void> {
    await (await this.#memories.get()).checkpoint(pid, signal)
  }

  /**
   * A process as a file: its module, what it has in memory, and its files. Of a dead process it is what was kept.
   * @param id Of one of its {@link snapshots}. Left out: what it has in memory now.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if it has nothing in memory, or its module does not allow that;
   * ERR_STORAGE; ERR_PROC_STOPPED; the reason of the signal.
   */
  async snapshot(pid: string, signal?: AbortSignal, id?: number): Promise<Blob> {
    return (await this.#memories.get()).snapshot(pid, signal, id)
  }

  /** The last snapshots of a process that are kept, newest first. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async snapshots(pid: string): Promise<SnapshotInfo[]> {
    return (await this.#memories.get()).snapshots(pid)
  }

  /**
   * Makes a process go on from one of its {@link snapshots}, after the message that runs and before those that wait. What
   * it has in memory now is kept before, so that this can be undone. Its files under `/data` stay as they are.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if the snapshot is not there, or its memory is not kept; ERR_STORAGE;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async rewind(pid: string, id: number, signal?: AbortSignal): Promise<void> {
    await (await this.#memories.get()).rewind(pid, id, signal)
  }

  /**
   * Ends a process and forgets it, with its keys and the processes that it has made; or one instance, which the next
   * message of its key makes anew.
   * @param mayComeBack Whether the store keeps what it has in memory, and its keys, for {@link undoKill}. It does so for the
   * last 64 of these kills.
   * @returns the argument of {@link undoKill}, valid while the page is open.
   * @throws {GliaError} ERR_NO_PROC, or ERR_DENIED for the root process.
   */
  async kill(pid: string, mayComeBack = false): Promise<KilledProcess> {
    return this.#kills.kill(pid, mayComeBack)
  }

  /**
   * Undoes a kill: the same PID, modules, files, links and watches. What it had in memory, and its keys, come back if the
   * store has kept them (`isHidden`). Otherwise its state is fresh.
   * @throws {GliaError} ERR_BAD_REQUEST if that was done already, or too many others were killed since; ERR_STORAGE.
   */
  async undoKill(killed: KilledProcess): Promise<void> {
    await this.#kills.undo(killed)
  }

  /**
   * Starts a process afresh. A dead process lives again, with the memory that was kept. A message that runs is ended if
   * it does not end within half a second. All instances of a process with keys begin anew.
   * @throws {GliaError} ERR_NO_PROC; the failure of the start, such as ERR_START: then the process is cold.
   */
  async restart(pid: string, signal?: AbortSignal): Promise<void> {
    if (!this.entryOf(pid)?.keys) return this.#registry.with(pid, ({ proc }) => proc.restart(signal))
    await (await this.#swaps()).renew(pid)
  }

  /**
   * Puts a new version of its module under a process's PID, after the message that runs and before those that wait.
   * Policy, environment, files and the queue stay; what is in memory is lost. If the new version does not start, the
   * old one goes on. Resolves to what undoes this swap, and no later one.
   * @throws {GliaError} ERR_NO_PROC, ERR_DENIED for the root process, ERR_BAD_MODULE; the failure of the start; the
   * reason of the signal.
   */
  async swap(pid: string, source: ModuleSource, steps: SpawnSteps = {}): Promise<Swapped> {
    return (await this.#swaps()).swap(pid, source, steps)
  }

  /**
   * Undoes a swap; a second call undoes that. @throws {GliaError} ERR_BAD_REQUEST if there was no swap; otherwise like
   * swap.
   */
  async swapBack(pid: string, steps: SpawnSteps = {}): Promise<void> {
    await (await this.#swaps()).swapBack(pid, steps)
  }

  /**
   * Changes fields of a process's policy. Who may call, and whom it may call, counts at once, also for messages that
   * wait. Fields that a worker gets at its start count from the next instance on. The processes that it has made lose
   * what it loses.
   * @throws {GliaError} ERR_NO_PROC; ERR_DENIED if the process that has made it has less; ERR_BAD_REQUEST that names the
   * field; ERR_BAD_MODULE if the module does not start with so little memory; ERR_STORAGE if its bytes are not kept, so
   * that it cannot get another size.
   */
  async setPolicy(pid: string, given: GivenPolicy): Promise<PolicyChange> {
    const { PolicyChanges } = await import('./later.ts')
    return new PolicyChanges({ ...this.#parts, changed: (entry) => this.#tellShared(entry) }).change(pid, given)
  }

  /** The bytes of the module that a process runs. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async moduleOf(pid: string): Promise<Blob> {
    const entry = this.#registry.find(pid)
    return this.#keeper.contentOf(entry, entry.record.cid)
  }

  /**
   * The keys of a process that has an instance for each, sorted.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if it has no keys, or the limit is none; ERR_STORAGE
   */
  async keys(pid: string, options?: KeyListOptions): Promise<KeyList> {
    this.#registry.find(pid)
    return this.#registry.findKeys(pid).page(options)
  }

  /**
   * Ends the workers of all processes. Kept processes stay in the store: another table brings them back. What durable
   * ones have in memory is stored before, if no message runs. Never rejects.
   */
  async stop(): Promise<void> {
    await stopProcesses(this.entries, this.#keeper.finish())
    await this.#kills.forgetHidden()
  }

  async #findMemories(): Promise<void> {
    const durable = this.entries.filter(({ record }) => record.policy.memory === 'durable')
    if (durable.length > 0) await (await this.#memories.get()).find(durable)
  }

  async #swaps(): Promise<HotSwap> {
    const { HotSwap: Loaded } = await import('./later.ts')
    return new Loaded({ ...this.#parts, swapped: (entry) => this.#tellShared(entry) })
  }

  #tellShared({ record: { policy, cid } }: ProcessEntry): void {
    if (policy.shareModule) this.#init.shared?.(cid)
  }
}

function newProcess(): Pick<ProcessRecord, 'pid' | 'createdAt' | 'root'> {
  return { pid: newPid(), createdAt: Date.now(), root: false }
}
