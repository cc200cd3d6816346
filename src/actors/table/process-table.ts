import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Watched } from '../../glia/process/told-end.ts'
import type { Exit } from '../../glia/process/exit.ts'
import { type ListedProcess, listingFor } from '../../glia/listing.ts'
import type { Logger } from '../../glia/log.ts'
import { cut, keyIn, processOf } from '../../glia/instance-key.ts'
import { newPid, type Pid } from '../../glia/pid.ts'
import {
  changedFields,
  changedPolicy,
  checkMethodNames,
  DEFAULT_POLICY,
  type GivenPolicy,
  type Policy,
  type PolicyChange,
} from '../../glia/process/policy.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { isOver } from '../../glia/process/supervisor.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { ActorStarter } from './actor-starter.ts'
import { cidOf } from '../module/cid.ts'
import { isTakeable } from '../module/module-state.ts'
import type { ModuleAsks } from '../module/inspect.ts'
import type { FileEntry } from '../files/files-api.ts'
import type { FileInfo } from '../files/file-index.ts'
import type { GivenFiles } from '../files/given-files.ts'
import { type PartedFiles, partGivenFiles } from '../files/parted-files.ts'
import type { Birth } from './family.ts'
import type { MountedFile } from '../files/given-mounts.ts'
import { LiveActors } from '../worker/live-actors.ts'
import { type AddedModule, ModuleCache } from './module-cache.ts'
import type { ModuleSource, ReadOptions } from '../module/module-source.ts'
import type { SendHttp } from '../outgoing/http-request.ts'
import type { OutgoingMesh } from '../outgoing/outgoing-calls.ts'
import type { KeyList, KeyListOptions } from './key-list.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import { type KilledProcess, ProcessEntry } from './process-entry.ts'
import { ProcessKeeper } from './process-keeper.ts'
import type { Reminded } from './reminder.ts'
import { ProcessLinks, type ProcessLinksInit } from './process-links.ts'
import { readModuleBeside } from '../module/read-module.ts'
import type { SnapshotInfo } from '../snapshot/history.ts'
import type { FromSnapshot } from './snapshots.ts'
import { completeSpawnOptions, type SpawnOptions } from './spawn-options.ts'
import type { ModuleVersion, ProcessRecord, ProcessStore } from './store.ts'
import type { TierName } from '../worker/worker-api.ts'

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

/** A compiled module of which nothing was made yet. */
export interface PreparedModule extends ModuleVersion, ModuleAsks {
  /** Its bytes. A spawn or a swap with them and the same cap does not compile them again. */
  blob: Blob
}

export interface SpawnSteps {
  signal?: AbortSignal | undefined
  onStage?: ((stage: 'compiling' | 'starting') => void) | undefined
  /** Left out: no process makes it. */
  birth?: Birth | undefined
}

/** What processes need that make others. Loaded with the first of them. */
const loadFamily = () => import('./family.ts')

/** Time that processes have to store what is in their memory when the peer stops, in ms. */
const MAX_STOP_MS = 2000

/** Killed processes that are remembered, for watchers at other peers that were away. */
const MAX_KILLED = 256

/** The processes of this tab: makes them, keeps them across reloads, ends them. */
export class ProcessTable {
  /** Watches and links. */
  readonly links: ProcessLinks
  /** Told of kills. Undefined: nobody has reminders. */
  reminded: Reminded | undefined
  readonly #init: ProcessTableInit
  readonly #entries = new Map<string, ProcessEntry>()
  readonly #keeper: ProcessKeeper
  readonly #modules: ModuleCache
  readonly #live: LiveActors
  readonly #starter: ActorStarter
  /** New versions of processes that are not in place yet. */
  readonly #installing = new Set<ModuleVersion>()
  /** Kills under way, so that a process that is killed twice is brought back once. */
  readonly #killing = new WeakMap<ProcessEntry, Promise<KilledProcess>>()
  /** Processes that other processes are making. */
  readonly #unborn = new Set<ProcessEntry>()
  /** The processes that were killed last, by PID. */
  readonly #killed = new Map<string, Watched>()
  /** Loaded when there is a process with keys. */
  #keyedEntries: typeof KeyedEntries | undefined
  #root: Pid | undefined

  constructor(init: ProcessTableInit) {
    const { peerId, mesh, watchesOfOthers, changed } = init
    this.#init = init
    this.#keeper = new ProcessKeeper({
      ...init,
      has: (entry) => this.#entries.get(entry.record.pid) === entry && !entry.retired,
    })
    this.#modules = new ModuleCache({
      load: (cid) => this.#keeper.load(cid),
      read: (...given) => readModuleBeside(init.createWorker, ...given),
      isPinned: (cid) =>
        this.#isInstalling(cid) ||
        this.#having(cid).some(({ persisted, retired }) => !persisted || retired !== undefined),
    })
    this.#live = new LiveActors(() => this.#procs(), init.liveLimit)
    this.#starter = new ActorStarter({
      ...init,
      modules: this.#modules,
      live: this.#live,
      load: (cid) => this.#keeper.load(cid),
    })
    this.links = new ProcessLinks({
      peerId,
      get: (pid) => this.#entries.get(pid),
      serveStream: mesh && ((stream) => mesh.serve(stream)),
      watchesOfOthers,
      changed: (entry) => {
        this.#keeper.save(entry)
        changed()
      },
    })
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
    return this.#entries.get(pid)
  }

  /** What the watchers of a process must know of it, also of one that was killed not long ago. */
  watched(pid: string): Watched | undefined {
    return this.get(pid) ?? this.#killed.get(pid)
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
    return [...this.#entries.values()].sort((a, b) => Number(b.record.root) - Number(a.record.root))
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
    if (records.some(({ key }) => key)) await this.#loadKeys()
    for (const record of records) {
      const entry = this.#add(record)
      entry.persisted = true
      entry.files.keep()
      entry.memory.keep(false)
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
        await this.#remove(old, why)
      ).written
    }
    const root = { pid: old?.record.pid ?? pid, createdAt: old?.record.createdAt ?? 0, root: true }
    // What the owner has closed stays closed.
    const policy = old?.record.policy
    this.#root = (await this.#make(bytes, { name: 'root', policy }, {}, root)).record.pid
  }

  /**
   * Reads and compiles a module, and tells what it asks for. Asking for more memory than the default is no error: a
   * person may allow more.
   * @throws {GliaError} ERR_BAD_MODULE; the reason of the signal.
   */
  async prepare(source: ModuleSource, options?: ReadOptions): Promise<PreparedModule> {
    const order = { maxMemoryBytes: DEFAULT_POLICY.maxMemoryBytes, allowStart: true }
    const { version, inspected, blob } = await this.#modules.add(source, order, options)
    return { ...version, ...inspected.asks, blob }
  }

  /** A prepared module is not wanted after all. */
  discard(cid: string): void {
    if (!this.#isUsed(cid)) this.#modules.drop(cid)
  }

  /**
   * Makes a process of a module and starts it.
   * @throws {GliaError} ERR_BAD_MODULE, ERR_BAD_REQUEST or ERR_START if it is refused, and then there is no process;
   * ERR_DENIED if the process that makes it has less rights, or no quota left; the reason of the signal.
   */
  async spawn(source: ModuleSource, options: SpawnOptions, steps: SpawnSteps = {}): Promise<Pid> {
    const made = await this.#make(source, options, steps, { pid: newPid(), createdAt: Date.now(), root: false })
    return made.record.pid
  }

  /**
   * Makes a process of a snapshot file. It goes on where the other one was.
   * @param options What is left out is as it was for the other one; the policy is the default.
   * @throws like {@link spawn}; ERR_BAD_SNAPSHOT.
   */
  async spawnFrom(file: Blob, options: SpawnOptions, steps: SpawnSteps = {}): Promise<Pid> {
    const { fromSnapshot } = await import('./snapshots.ts')
    const { module, options: given, from } = await fromSnapshot(file, options)
    const fixed = { pid: newPid(), createdAt: Date.now(), root: false }
    return (await this.#make(module, given, steps, fixed, from)).record.pid
  }

  /**
   * Stores what a process has in memory. Resolves when it is stored for good.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if its policy or its module does not allow that; ERR_STORAGE;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async checkpoint(pid: string, signal?: AbortSignal): Promise<void> {
    await this.#with(pid, async (entry) => {
      await this.#checkTakeable(entry)
      let stored: Promise<void> | undefined
      await entry.proc.pause(async () => {
        // Not awaited here: messages go on while it is stored.
        const { whenStored } = await entry.memory.save()
        stored = whenStored
        stored.catch(() => undefined)
      }, signal)
      await stored
    })
  }

  /**
   * A process as a file: its module, what it has in memory, and its files. Of a dead process it is what was kept.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if it has nothing in memory, or its module does not allow that;
   * ERR_STORAGE; ERR_PROC_STOPPED; the reason of the signal.
   * @param id Of one of its {@link snapshots}. Left out: what it has in memory now.
   */
  async snapshot(pid: string, signal?: AbortSignal, id?: number): Promise<Blob> {
    return this.#with(pid, async (entry) => {
      await this.#checkTakeable(entry)
      const { snapshotOf } = await import('./snapshots.ts')
      return snapshotOf(entry, async (cid) => (await entry.retired)?.get(cid) ?? this.#keeper.load(cid), signal, id)
    })
  }

  /** The last snapshots of a process that are kept, newest first. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async snapshots(pid: string): Promise<SnapshotInfo[]> {
    return this.#with(pid, ({ memory }) => memory.snapshots())
  }

  /**
   * Makes a process go on from one of its {@link snapshots}, after the message that runs and before those that wait. What
   * it has in memory now is kept before, so that this can be undone. Its files under `/data` stay as they are.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if the snapshot is not there, or its memory is not kept; ERR_STORAGE;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async rewind(pid: string, id: number, signal?: AbortSignal): Promise<void> {
    await this.#with(pid, async (entry) => {
      await entry.proc.pause(async () => {
        await entry.memory.goBack(id)
        entry.proc.leaveWorker(true)
      }, signal)
      entry.log.add('process', `Went back to its snapshot ${id}.`)
    })
  }

  /**
   * Ends a process and forgets it, with its keys and the processes that it has made; or one instance, which the next
   * message of its key makes anew.
   * @returns the argument of {@link undoKill}, valid while the page is open.
   * @throws {GliaError} ERR_NO_PROC, or ERR_DENIED for the root process.
   */
  async kill(pid: string): Promise<KilledProcess> {
    const key = keyIn(pid)
    if (key !== undefined) {
      const killed = await this.#keysOf(pid).kill(key)
      await this.reminded?.keyKilled(killed.record.pid)
      return killed
    }
    const entry = this.#notRoot(pid, 'be killed')
    const killing = this.#killing.get(entry) ?? this.#kill(entry)
    this.#killing.set(entry, killing)
    return killing
  }

  /**
   * Undoes a kill: the same PID, modules, files, links and watches, with a fresh state.
   * @throws {GliaError} ERR_BAD_REQUEST if that was done already.
   */
  async undoKill({ record, module, modules, files, watches, written, children }: KilledProcess): Promise<void> {
    const { pid, name, previous, parent = '' } = record
    if (keyIn(pid) !== undefined) throw new GliaError('ERR_BAD_REQUEST', 'The instance of a key does not come back.')
    if (this.#entries.has(pid)) throw new GliaError('ERR_BAD_REQUEST', `${name} is there already.`)
    if (module) this.#modules.put(record, record.policy.maxMemoryBytes, module)
    const entry = this.#add({
      ...record,
      previous: previous && modules.has(previous.cid) ? previous : undefined,
      parent: this.#entries.get(parent)?.record.pid,
    })
    entry.mounts = modules
    if (files) entry.files.hold(files)
    else entry.log.add('error', 'What it had under /data could not be read when it was killed, and is gone.')
    this.links.bringBack(entry, watches)
    await written
    await this.#keeper.keep(entry, modules)
    await this.reminded?.cameBack(pid)
    await Promise.all(children.map((child) => this.undoKill(child)))
  }

  /**
   * Starts a process afresh. A dead process lives again, with the memory that was kept. A message that runs is ended if it does not end within half a
   * second.
   * @throws {GliaError} ERR_NO_PROC; the failure of the start, such as ERR_START: then the process is cold.
   */
  async restart(pid: string, signal?: AbortSignal): Promise<void> {
    const entry = this.#entries.get(pid)
    if (!entry?.keys) return this.#with(pid, ({ proc }) => proc.restart(signal))
    await this.#renew(entry, entry.keys)
    await this.#keeper.keep(entry)
  }

  /**
   * Puts a new version of its module under a process's PID, after the message that runs and before those that wait.
   * Policy, environment, files and the queue stay; what is in memory is lost. If the new version does not start, the
   * old one goes on.
   * @throws {GliaError} ERR_NO_PROC, ERR_DENIED for the root process, ERR_BAD_MODULE; the failure of the start; the
   * reason of the signal.
   */
  async swap(pid: string, source: ModuleSource, steps: SpawnSteps = {}): Promise<void> {
    const entry = this.#notRoot(pid, 'be swapped')
    const { maxMemoryBytes } = entry.record.policy
    const { version, inspected, blob } = await this.#read(source, maxMemoryBytes, steps)
    // The swap may wait for long, and other processes with the module may go meanwhile.
    const installing = { ...version }
    this.#installing.add(installing)
    this.#modules.put(version, maxMemoryBytes, inspected)
    try {
      await this.#install(entry, version, steps, blob)
    } finally {
      this.#installing.delete(installing)
    }
  }

  /**
   * Undoes a swap; a second call undoes that. @throws {GliaError} ERR_BAD_REQUEST if there was no swap; otherwise like
   * swap.
   */
  async swapBack(pid: string, steps: SpawnSteps = {}): Promise<void> {
    const entry = this.#notRoot(pid, 'be swapped')
    const { name, previous } = entry.record
    if (!previous) throw new GliaError('ERR_BAD_REQUEST', `${name} has no earlier version to go back to.`)
    await this.#install(entry, previous, steps)
  }

  /**
   * Changes fields of a process's policy. Who may call, and whom it may call, counts at once, also for messages that
   * wait. Fields that a worker gets at its start count from the next instance on. The processes that it has made lose
   * what it loses.
   * @throws {GliaError} ERR_NO_PROC; ERR_DENIED if the process that has made it has less; ERR_BAD_REQUEST that names the field; ERR_BAD_MODULE if the module does not start
   * with so little memory; ERR_STORAGE if its bytes are not kept, so that it cannot get another size.
   */
  async setPolicy(pid: string, given: GivenPolicy): Promise<PolicyChange> {
    const entry = this.#entry(pid)
    const asked = (): Policy => changedPolicy(entry.record.policy, given, entry.record.methods)
    const { maxMemoryBytes } = asked()
    // The cap is compiled in. A module that cannot have it is refused now, not at its next start.
    if (maxMemoryBytes !== entry.record.policy.maxMemoryBytes) await this.#modules.get(entry.record, maxMemoryBytes)
    const family = this.#hasFamily(entry) ? await loadFamily() : undefined
    if (this.#entry(pid) !== entry) throw new GliaError('ERR_NO_PROC', 'The process was killed.')
    const policy = asked()
    const parent = this.#entries.get(entry.record.parent ?? '')
    if (parent) family?.checkAtMost(policy, parent.record.policy)
    if (parent && policy.maxMemoryBytes > entry.record.policy.maxMemoryBytes) {
      family?.checkQuota(parent, policy, this.entries, entry)
    }
    const lowered = (family?.descendantsOf(pid, this.entries) ?? []).map((child): [ProcessEntry, Policy] => [
      child,
      family?.atMost(child.record.policy, policy) ?? policy,
    ])
    const [later = []] = [[entry, policy] as const, ...lowered].map((change) => this.#changePolicy(...change))
    const changed = [entry, ...lowered.map(([child]) => child)]
    await Promise.all(changed.filter((each) => each.persisted && !each.retired).map((each) => this.#keeper.keep(each)))
    return { policy, later }
  }

  /** @returns the fields that count from the next instance on. */
  #changePolicy(entry: ProcessEntry, policy: Policy): (keyof Policy)[] {
    const changed = changedFields(entry.record.policy, policy)
    if (changed.length === 0) return []
    const later = entry.setPolicy(policy)
    entry.log.add('process', `Its policy was changed: ${changed.join(', ')}.`)
    if (later.length > 0) entry.log.add('process', `From its next instance on: ${later.join(', ')}.`)
    this.#tellShared(entry)
    return later
  }

  /** The files of a process under `/data`. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async listFiles(pid: string): Promise<{ entries: FileInfo[]; totalBytes: number }> {
    const { infos, bytes } = await this.#with(pid, ({ files }) => files.load())
    return { entries: infos, totalBytes: bytes }
  }

  /** The same as a tar archive. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async exportFiles(pid: string): Promise<Blob> {
    const entries = await this.#with(pid, ({ files }) => files.entries())
    const { tarOf } = await import('../files/tar.ts')
    return tarOf(entries, Date.now())
  }

  /**
   * Puts files under a process's `/data`, all or none, after the message that runs and before those that wait. They
   * replace files with the same paths. The instance goes on. Resolves when they are stored, or when the log says that
   * they are not.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if they are no files, do not fit, or something is in their way;
   * ERR_PROC_STOPPED; the reason of the signal.
   */
  async importFiles(pid: string, given: GivenFiles, signal?: AbortSignal): Promise<void> {
    const { files: underData, mounts } = partGivenFiles(given)
    const [elsewhere] = mounts.keys()
    if (elsewhere !== undefined) {
      throw new GliaError(
        'ERR_BAD_REQUEST',
        `${elsewhere} is not a file under /data, so nothing was changed. Files at other paths are given when the process is made (spawn, files); under /tmp and /ww there can be none.`,
      )
    }
    await this.#with(pid, async ({ proc, files, record }) => {
      const entries = await this.#readFiles(underData ?? {}, record.policy.maxDataBytes, signal)
      await proc.pause(() => files.put(entries), signal)
    })
  }

  /**
   * One file of a process under `/data`.
   * @throws {GliaError} ERR_NO_PROC, ERR_STORAGE; ERR_BAD_REQUEST if there is no such file.
   */
  async readFile(pid: string, path: string): Promise<Blob> {
    const entries = await this.#with(pid, ({ files }) => files.entries())
    const found = entries.find((entry) => entry.path === path)
    if (found?.kind !== 'file') throw new GliaError('ERR_BAD_REQUEST', `There is no file /data/${path}.`)
    return new Blob([found.bytes])
  }

  /**
   * Removes a file, or a folder with everything in it, from a process's `/data`, after the message that runs and before
   * those that wait. The instance goes on.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if there is nothing; ERR_PROC_STOPPED; the reason of the signal.
   */
  async removeFile(pid: string, path: string, signal?: AbortSignal): Promise<void> {
    await this.#with(pid, ({ proc, files }) => proc.pause(() => files.remove(path), signal))
  }

  /** The bytes of the module that a process runs. @throws {GliaError} ERR_NO_PROC, ERR_STORAGE */
  async moduleOf(pid: string): Promise<Blob> {
    const { record, retired } = this.#entry(pid)
    return (await retired)?.get(record.cid) ?? this.#keeper.load(record.cid)
  }

  /**
   * Makes another process like this one: the same module, arguments, policy, restart and files, with a PID and a memory
   * of its own. Resolves to its PID.
   * @throws {GliaError} ERR_NO_PROC, ERR_STORAGE; like {@link spawn}.
   */
  async duplicate(pid: string, name: string, steps: SpawnSteps = {}): Promise<Pid> {
    const entry = this.#entry(pid)
    const { description, args, env, policy, restart, tty, key, mounts = [] } = entry.record
    const options = { name, description, args, env, policy, restart, tty, key }
    const [module, data] = await Promise.all([this.moduleOf(pid), key ? undefined : this.exportFiles(pid)])
    if (mounts.length === 0) return this.spawn(module, { ...options, files: data }, steps)
    const contents = mounts.map(async ({ path, cid }) => [`/${path}`, await this.#contentOf(entry, cid)] as const)
    const made = await this.spawn(module, { ...options, files: Object.fromEntries(await Promise.all(contents)) }, steps)
    if (data) await this.importFiles(made, data, steps.signal)
    return made
  }

  /**
   * Ends the workers of all processes. Kept processes stay in the store: another table brings them back. What durable
   * ones have in memory is stored before, if no message runs. Never rejects.
   */
  async stop(): Promise<void> {
    const late = AbortSignal.timeout(MAX_STOP_MS)
    const stop = async ({ proc, memory }: ProcessEntry): Promise<void> => {
      const close = (): void => proc.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
      // A worker or a store that hangs must not hold the end up.
      await orAborted(memory.finish(close), late).catch(close)
    }
    const stopAll = async (entry: ProcessEntry): Promise<void> => {
      const { keys } = entry
      await orAborted(Promise.resolve(keys?.written()), late).catch(() => undefined)
      await Promise.all(keys?.entries.map(stop) ?? [])
      keys?.close()
      await stop(entry)
    }
    await Promise.all(this.entries.map(stopAll))
  }

  /**
   * The keys of a process that has an instance for each, sorted.
   * @param limit Most keys in the list.
   * @param after Only keys behind this one.
   * @throws {GliaError} ERR_NO_PROC; ERR_BAD_REQUEST if it has no keys, or the limit is none; ERR_STORAGE
   */
  async keys(pid: string, options?: KeyListOptions): Promise<KeyList> {
    this.#entry(pid)
    return this.#keysOf(pid).page(options)
  }

  async #findMemories(): Promise<void> {
    const durable = this.entries.filter(({ record }) => record.policy.memory === 'durable')
    if (durable.length === 0) return
    const found = new Set(await this.#init.store?.remembered(durable.map(({ record }) => record.pid)))
    for (const { record, memory } of durable) if (found.has(record.pid)) memory.found()
  }

  /** A file of a process outside of `/data`. @throws {GliaError} ERR_STORAGE */
  async #contentOf(entry: ProcessEntry, cid: string): Promise<Blob> {
    return entry.mounts.get(cid) ?? this.#keeper.load(cid)
  }

  async #install(
    entry: ProcessEntry,
    version: ModuleVersion,
    { signal, onStage }: SpawnSteps,
    blob?: Blob,
  ): Promise<void> {
    onStage?.('starting')
    try {
      if (entry.keys) await entry.keys.tryOut((live) => this.#starter.spec(live, version, true), signal)
      else await entry.proc.swap(this.#starter.spec(entry, version, true), signal)
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
    if (previous && !this.#isUsed(previous.cid)) this.#modules.drop(previous.cid)
    await this.#keeper.keep(entry, blob && new Map([[version.cid, blob]]))
    this.#tellShared(entry)
  }

  /** All instances begin anew, with the present module. */
  async #renew(entry: ProcessEntry, keys: KeyedEntries): Promise<void> {
    entry.update({ renewedAt: Date.now() })
    await entry.proc.renew(this.#starter.spec(entry, entry.record))
    await keys.renew()
  }

  *#procs(): Iterable<Proc> {
    for (const { proc, keys } of this.#entries.values()) {
      if (keys) yield* keys.all()
      else yield proc
    }
  }

  /** @throws {GliaError} ERR_BAD_MODULE; the signal's reason. */
  async #read(source: ModuleSource, maxMemoryBytes: number, { signal, onStage }: SpawnSteps): Promise<AddedModule> {
    onStage?.('compiling')
    const added = await this.#modules.add(source, { maxMemoryBytes }, { signal })
    signal?.throwIfAborted()
    return added
  }

  async #readFiles(given: GivenFiles, maxBytes: number, signal: AbortSignal | undefined): Promise<FileEntry[]> {
    const { readGivenFiles } = await import('../files/given-files.ts')
    return readGivenFiles(given, maxBytes, signal)
  }

  async #readMounts(
    given: PartedFiles['mounts'],
  ): Promise<{ mounted: readonly MountedFile[]; blobs: ReadonlyMap<string, Blob> }> {
    if (given.size === 0) return { mounted: [], blobs: new Map() }
    const { readMounts } = await import('../files/given-mounts.ts')
    return readMounts(given)
  }

  async #make(
    source: ModuleSource,
    given: SpawnOptions,
    steps: SpawnSteps,
    fixed: Pick<ProcessRecord, 'pid' | 'createdAt' | 'root'>,
    from?: FromSnapshot['from'],
  ): Promise<ProcessEntry> {
    const { birth } = steps
    const options = completeSpawnOptions(given, 'actor')
    if (options.key && from) throw wrongKey('a snapshot is of one instance, and goes on as a process without keys')
    const family =
      birth && (await this.#beget(birth, options.key ? { memory: 'durable', ...given.policy } : given.policy))
    const policy = family?.policy ?? options.policy
    const { maxMemoryBytes, maxDataBytes } = policy
    const parted = from?.parted ?? partGivenFiles(given.files)
    if (options.key && parted.files) {
      throw wrongKey('each key has a /data of its own, which begins empty. Give read-only files, at other paths')
    }
    const files = parted.files && (await this.#readFiles(parted.files, maxDataBytes, steps.signal))
    const { mounted, blobs } = await this.#readMounts(parted.mounts)
    if (options.key) await this.#loadKeys()
    const { version, inspected, blob } = await this.#read(source, maxMemoryBytes, steps)
    checkMethodNames(policy, version.methods)
    // Others may have been made meanwhile.
    family?.check()
    // The last process with the module may have gone just now.
    this.#modules.put(version, maxMemoryBytes, inspected)
    const mounts = mounted.length > 0 ? { mounts: mounted } : {}
    const parent = birth && { parent: birth.parent }
    const entry = this.#add({ ...options, policy, ...fixed, ...version, ...mounts, ...parent, slot: this.#init.slot })
    entry.mounts = blobs
    if (birth) this.#unborn.add(entry)
    if (from) entry.memory.give(from.whole)
    steps.onStage?.('starting')
    // Beside the start: both take their time, and neither needs the other. A process that does not start is forgotten.
    let keeping: Promise<void> | undefined
    try {
      if (files) await entry.files.put(files)
      keeping = this.#keeper.keep(entry, new Map([...blobs, [version.cid, blob]]))
      await entry.proc.warmUp(steps.signal)
    } catch (thrown) {
      const error = toGliaError(thrown, 'ERR_START')
      // If every place is taken it stays cold, and starts when there is room.
      if (error.code !== 'ERR_LIVE_LIMIT') {
        await this.#remove(entry, error)
        throw error
      }
    }
    await keeping
    if (birth) await this.#tie(entry, birth, steps.signal)
    this.#tellShared(entry)
    return entry
  }

  /**
   * Before a process makes another one.
   * @returns the policy of the child, and a function that checks once more, without a pause, whether it may be made.
   * @throws {GliaError} ERR_DENIED, ERR_BAD_REQUEST, ERR_NO_METHOD; ERR_PROC_STOPPED if the parent is gone
   */
  async #beget({ parent: pid, watch }: Birth, given: GivenPolicy = {}): Promise<{ policy: Policy; check(): void }> {
    const { policyOfChild, checkAtMost, checkQuota } = await loadFamily()
    const parent = this.#entry(pid)
    if (watch !== undefined) this.links.watcher(pid, watch)
    const policy = policyOfChild(given, parent.record.policy)
    const check = (): void => {
      if (!this.#isThere(parent)) throw orphaned()
      checkAtMost(policy, parent.record.policy)
      checkQuota(parent, policy, this.entries)
    }
    check()
    return { policy, check }
  }

  /** Ties a new process to its parent, or ends it if the parent, or the message that made it, is over by now. */
  async #tie(entry: ProcessEntry, { parent, link, watch }: Birth, signal: AbortSignal | undefined): Promise<void> {
    const { pid } = entry.record
    try {
      signal?.throwIfAborted()
      if (!this.#isThere(this.#entry(parent)) || !this.#isThere(entry)) throw orphaned()
      if (watch !== undefined) this.links.watch(parent, pid, watch)
      if (link) this.links.link(parent, pid)
      this.#unborn.delete(entry)
    } catch (thrown) {
      const error = toGliaError(thrown)
      await this.#remove(entry, error)
      throw error
    }
  }

  #isThere(entry: ProcessEntry): boolean {
    return this.#entries.get(entry.record.pid) === entry && !this.#killing.has(entry)
  }

  #childrenOf(pid: string): ProcessEntry[] {
    return this.entries.filter(({ record }) => record.parent === pid)
  }

  #hasFamily({ record: { pid, parent } }: ProcessEntry): boolean {
    return parent !== undefined || this.#childrenOf(pid).length > 0
  }

  #tellShared({ record: { policy, cid } }: ProcessEntry): void {
    if (policy.shareModule) this.#init.shared?.(cid)
  }

  /** Before a process with keys is added. */
  async #loadKeys(): Promise<void> {
    this.#keyedEntries ??= (await import('./keyed-entries.ts')).KeyedEntries
  }

  #add(record: ProcessRecord): ProcessEntry {
    const changed = (): void => {
      this.#live.notice()
      this.#init.changed()
    }
    const entry: ProcessEntry = new ProcessEntry(record, {
      store: this.#init.store,
      spec: (made) => this.#starter.spec(made, made.record),
      changed,
      keys: (whole) =>
        this.#keyedEntries &&
        new this.#keyedEntries({
          whole,
          make: (...given) => new ProcessEntry(...given),
          store: this.#init.store,
          spec: (made) => this.#starter.spec(made, whole.record),
          changed,
          // The instance comes back, or the next message of its key says why not.
          exited: (exit, counts) => this.#keyEnded(entry, { ...exit, final: false }, counts),
        }),
      exited: (...ended) => this.#exited(...ended),
      revives: async (revived) => {
        // Kept again before it lives, so that it cannot end a second time meanwhile.
        await this.#keeper.unretire(revived)
        revived.update({ dead: undefined })
        this.#keeper.save(revived)
      },
    })
    this.#entries.set(record.pid, entry)
    this.#killed.delete(record.pid)
    this.#init.changed()
    return entry
  }

  #exited(entry: ProcessEntry, exit: Exit, counts: boolean): void {
    const { pid, restart } = entry.record
    if (exit.final && exit.reason.type !== 'killed' && isOver(restart.type, exit.reason)) this.#keeper.retire(entry)
    else if (exit.reason.type !== 'killed') this.#keeper.save(entry)
    this.links.ended(pid, exit, counts)
  }

  /** An instance of a process with keys has ended. */
  #keyEnded(entry: ProcessEntry, exit: Exit, counts: boolean): void {
    // To watchers of other peers a kill would say that the process is gone.
    if (exit.reason.type !== 'killed') {
      entry.proc.ends.add(exit)
      entry.update({ exits: entry.proc.ends.list })
      this.#keeper.save(entry)
    }
    this.links.ended(entry.record.pid, exit, counts)
  }

  async #kill(entry: ProcessEntry): Promise<KilledProcess> {
    const { record, retired } = entry
    const { cid, policy } = record
    // First, so that it makes no more of them.
    entry.proc.kill()
    const children = await Promise.all(this.#childrenOf(record.pid).map((child) => this.#killChild(child)))
    const killed = {
      record: { ...record, dead: undefined },
      children: children.filter((child) => child !== undefined),
      module: await this.#modules.peek(cid, policy.maxMemoryBytes)?.catch(() => undefined),
      modules: await (retired ?? this.#keeper.modules(record)),
    }
    return { ...killed, ...(await this.#remove(entry)) }
  }

  /** @returns undefined if the process is yet to be made: whoever makes it is told that it was not. */
  async #killChild(child: ProcessEntry): Promise<KilledProcess | undefined> {
    if (!this.#unborn.has(child)) return this.kill(child.record.pid)
    await this.#remove(child, orphaned())
    return undefined
  }

  /** @returns its files, and the watches that others had on it, which bring it back together with its record. */
  async #remove(
    entry: ProcessEntry,
    reason?: GliaError,
  ): Promise<Pick<KilledProcess, 'files' | 'watches' | 'written'>> {
    const { pid, cid, previous } = entry.record
    entry.proc.kill(reason)
    // Another process may have its PID by now.
    if (this.#entries.get(pid) !== entry) return { files: undefined, watches: [], written: Promise.resolve() }
    this.#entries.delete(pid)
    this.#unborn.delete(entry)
    entry.keys?.close()
    this.#remember(entry)
    for (const gone of [cid, previous?.cid ?? cid]) if (!this.#isUsed(gone)) this.#modules.drop(gone)
    const watches = this.links.forget(pid)
    this.#init.changed()
    const written = entry.memory.release()
    const files = await entry.files.release()
    entry.files.close()
    await this.#keeper.forget(pid)
    return { files, watches, written }
  }

  /** Not the process itself, which has the log of its calls. */
  #remember({ proc: { pid, policy, methods, state, ends } }: ProcessEntry): void {
    this.#killed.set(pid, { policy, methods, state, ends })
    const [oldest] = this.#killed.keys()
    if (this.#killed.size > MAX_KILLED && oldest !== undefined) this.#killed.delete(oldest)
  }

  #having(cid: string): ProcessEntry[] {
    return this.entries.filter(({ record }) => record.cid === cid || record.previous?.cid === cid)
  }

  #isUsed(cid: string): boolean {
    return this.#isInstalling(cid) || this.#having(cid).length > 0
  }

  #isInstalling(cid: string): boolean {
    return [...this.#installing].some((version) => version.cid === cid)
  }

  async #checkTakeable({ record }: ProcessEntry): Promise<void> {
    const { state } = await this.#modules.get(record, record.policy.maxMemoryBytes)
    if (isTakeable(state)) return
    throw new GliaError('ERR_BAD_REQUEST', `What ${record.name} has in memory cannot be taken: ${state.why}.`)
  }

  #entry(pid: string): ProcessEntry {
    const entry = this.#entries.get(pid)
    if (entry) return entry
    if (keyIn(pid) === undefined || !this.#entries.has(processOf(pid))) {
      throw new GliaError('ERR_NO_PROC', `This peer has no process ${processOf(pid)}.`)
    }
    throw new GliaError('ERR_BAD_REQUEST', 'This is done with the process, and not with one of its keys.')
  }

  /** Does something with a process, or with the instance of a key. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  async #with<T>(pid: string, work: (entry: ProcessEntry) => Promise<T>): Promise<T> {
    const [whole, key] = cut(pid)
    if (key !== undefined) return this.#keysOf(pid).with(key, work)
    const entry = this.#entry(whole)
    if (!entry.keys) return work(entry)
    throw new GliaError(
      'ERR_BAD_REQUEST',
      `${entry.record.name} has an instance for each key: say which, as {pid}:{key}.`,
    )
  }

  /** The instances of the process of which the PID names one. @throws {GliaError} ERR_NO_PROC, ERR_BAD_REQUEST */
  #keysOf(pid: string): KeyedEntries {
    const { record, keys } = this.#entry(processOf(pid))
    if (keys) return keys
    throw new GliaError('ERR_BAD_REQUEST', `${record.name} has no keys: leave the key out.`)
  }

  #notRoot(pid: string, what: string): ProcessEntry {
    const entry = this.#entry(pid)
    if (entry.record.root) throw new GliaError('ERR_DENIED', `The root process cannot ${what}: every peer has its own.`)
    return entry
  }
}

function orphaned(): GliaError {
  return new GliaError('ERR_PROC_STOPPED', 'The process that makes this one was killed.')
}

function wrongKey(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `spawn, key: ${why}.`)
}
