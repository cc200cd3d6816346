import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb'
import { instancePid } from '../../glia/instance-key.ts'
import type { Exit } from '../../glia/process/exit.ts'
import type { Watch } from '../../glia/process/links.ts'
import type { Pid } from '../../glia/pid.ts'
import { makePolicy, type Policy } from '../../glia/process/policy.ts'
import { makeRestart, type Restart } from '../../glia/process/restart.ts'
import type { MountedFile } from '../files/given-mounts.ts'
import type { FileChange, FileEntry } from '../files/files-api.ts'
import type { SnapshotStore } from '../snapshot/stored-memory.ts'
import { type Parts, snapshotIn, type SnapshotInfo, snapshotsIn } from '../snapshot/history.ts'
import type { Checkpoint, WholeSnapshot } from '../snapshot/snapshot.ts'
import type { FileStore } from '../files/process-files.ts'
import { type Holder, partsIn, takeHold, writeCheckpoint } from './checkpoint-writes.ts'
import { attempt, closeForNewer, instancesOf, keysFrom } from './database-parts.ts'
import type { Reminder, ReminderStore } from './reminder.ts'

const VERSION = 6

/** The facts about a module that its process needs. */
export interface ModuleVersion {
  cid: string
  moduleBytes: number
  methods: readonly string[]
}

/** A kept process: enough to bring it back, cold, under the same PID. */
export interface ProcessRecord extends ModuleVersion {
  pid: Pid
  /** Slot of the identity that runs it. */
  slot: number
  name: string
  /** What it does, for people who open a link to it. */
  description?: string | undefined
  args: readonly string[]
  env: Readonly<Record<string, string>>
  policy: Policy
  restart: Restart
  /** Whether its standard descriptors look like a terminal. */
  tty?: boolean | undefined
  /** Whether it has an instance for each key. */
  key?: boolean | undefined
  /** Its files outside of `/data`. */
  mounts?: readonly MountedFile[] | undefined
  /** When all instances began anew, in ms since the epoch, if it has one for each key. */
  renewedAt?: number | undefined
  /** The module before the last swap. */
  previous?: ModuleVersion | undefined
  /** The last ends of its instances, oldest first. */
  exits?: readonly Exit[] | undefined
  /** Why it is dead; undefined while it lives. */
  dead?: string | undefined
  /** The processes that it watches. */
  watches?: readonly Watch[] | undefined
  /** The processes that it is linked to. */
  links?: readonly Pid[] | undefined
  /** The process of this peer that made it. Left out: a person or another peer did. */
  parent?: Pid | undefined
  /** Bundled root processes cannot be killed. */
  root: boolean
  /** ms since the epoch: the order of the table. */
  createdAt: number
}

/** An instance of a process with keys, besides its files and its memory. Those are kept under its PID. */
export interface KeyRecord {
  key: string
  /** ms since the epoch. */
  createdAt: number
  /** The last ends of its instance, oldest first. */
  exits?: readonly Exit[] | undefined
  /** Why it is dead; undefined while it lives. */
  dead?: string | undefined
}

/**
 * The peer id of a slot and its private key: in the browser's keeping, or as libp2p's protobuf if the browser keeps
 * none.
 */
export interface SlotIdentity {
  peerId: string
  privateKey: Uint8Array<ArrayBuffer> | CryptoKey
}

/** What the user has set for the mesh. */
export interface MeshSettings {
  /** Multiaddrs. */
  relays: readonly string[]
  /** STUN and TURN servers, as `parseIceServer` reads them. */
  iceServers: readonly string[]
}

/** What the person has decided about peers. */
export interface KeptPeople {
  /** The name that this browser announces. Empty: none. */
  ownName: string
  /** Names that the person gave to peers, by peer id. */
  names: Readonly<Record<string, string>>
  /** When peers were blocked, by peer id, in ms since the epoch. */
  blocked: Readonly<Record<string, number>>
  /** Ids of the peers that may make and manage processes here. Left out: none. */
  managers?: readonly string[] | undefined
}

/** The stores of the database. */
export interface Schema extends DBSchema {
  /** The identity of each slot. */
  identities: { key: number; value: SlotIdentity }
  processes: { key: string; value: ProcessRecord; indexes: { slot: number } }
  /**
   * Bytes of modules by CID, as blobs where the browser stores those. They are fast (Chromium 156: 100 MB written in
   * 0.17 s, read in 0.5 s).
   */
  modules: { key: string; value: Blob | ArrayBuffer }
  settings: { key: 'mesh' | 'people'; value: MeshSettings | KeptPeople }
  /** The files of processes under `/data`, by PID and path. */
  files: { key: [pid: string, path: string]; value: FileEntry }
  /** The keys of processes that have an instance for each, by PID and key. */
  keys: { key: [pid: string, key: string]; value: KeyRecord }
  /**
   * What processes have in memory, in parts (`history.ts`). Under an empty PID and a slot is who may write that of the
   * slot's processes.
   */
  memory: { key: [pid: string, part: number]; value: object | string }
  /** Messages that processes get later, by PID and id. */
  reminders: { key: [pid: string, id: string]; value: Reminder }
}

/** Keeps the keys of processes across reloads. What it has for one of them is read when that is asked for. */
export interface KeyStore {
  /** @throws {GliaError} ERR_STORAGE */
  key(pid: string, key: string): Promise<KeyRecord | undefined>
  /** Nothing if the process is not in the store. @throws {GliaError} ERR_STORAGE */
  putKey(pid: string, record: KeyRecord): Promise<void>
  /** Forgets an instance with its files and its memory. @throws {GliaError} ERR_STORAGE */
  deleteKey(pid: Pid, key: string): Promise<void>
  /** @throws {GliaError} ERR_STORAGE */
  countKeys(pid: string): Promise<number>
  /**
   * Sorted by key.
   * @param after Only keys behind this one.
   * @throws {GliaError} ERR_STORAGE
   */
  keys(pid: string, limit: number, after?: string): Promise<KeyRecord[]>
  /** Forgets what all instances of a process have in memory. @throws {GliaError} ERR_STORAGE */
  dropSnapshots(pid: string): Promise<void>
}

/**
 * Keeps processes across reloads. Reads and writes happen in the order in which they were asked for. Failures are
 * ERR_STORAGE.
 */
export interface ProcessStore extends FileStore, SnapshotStore, ReminderStore, KeyStore {
  /** In the order in which they were made. */
  processes(slot: number): Promise<ProcessRecord[]>
  /**
   * Keeps a process, and those of the given modules that it has. Modules that it had before are deleted if no other
   * process has them.
   */
  putProcess(record: ProcessRecord, modules?: ReadonlyMap<string, Blob>): Promise<void>
  /** Forgets a process with its files and keys, and its modules if no process of any slot has them. */
  deleteProcess(pid: Pid): Promise<void>
  module(cid: string): Promise<Blob | undefined>
}

/** Stores checkpoints in a thread of its own. */
export interface CheckpointWriter {
  /** False if its thread could not be started, or has ended. */
  readonly works: boolean
  /** The memory of the checkpoint is gone afterwards. */
  put(...given: Parameters<SnapshotStore['putCheckpoint']>): Promise<void>
  /** Ends the thread. */
  close(): void
}

/** Never rejects. */
type MakeWriter = (database: string, holder: Holder | undefined) => Promise<CheckpointWriter>

/** The data of this origin that outlives the page. Failures are ERR_STORAGE. */
export class Store implements ProcessStore {
  readonly #db: IDBPDatabase<Schema>
  readonly #takesBlobs: Promise<boolean>
  readonly #makeWriter: MakeWriter | undefined
  #writer: Promise<CheckpointWriter> | undefined
  #holder: Holder | undefined

  private constructor(db: IDBPDatabase<Schema>, makeWriter: MakeWriter | undefined) {
    this.#db = db
    this.#makeWriter = makeWriter
    this.#takesBlobs = takesBlobs(db)
  }

  /**
   * @param name Name of the database. Peers with other names share nothing.
   * @param makeWriter Starts a thread that stores checkpoints, with the first of them. Left out: this thread stores them.
   * @throws {GliaError} ERR_STORAGE if the browser gives this page no database (some private windows do not).
   */
  static async open(name: string, makeWriter?: MakeWriter): Promise<Store> {
    const db = await attempt('open its database', () =>
      openDB<Schema>(name, VERSION, {
        upgrade(created, from) {
          if (from < 1) {
            created.createObjectStore('identities')
            created.createObjectStore('processes', { keyPath: 'pid' }).createIndex('slot', 'slot')
            created.createObjectStore('modules')
          }
          if (from < 2) created.createObjectStore('settings')
          if (from < 3) created.createObjectStore('files')
          if (from < 4) created.createObjectStore('memory')
          if (from < 5) created.createObjectStore('reminders')
          created.createObjectStore('keys')
        },
        blocking: closeForNewer,
      }),
    )
    return new Store(db, makeWriter)
  }

  /** Started writes are finished, except checkpoints that are on their way to the thread that stores them. */
  close(): void {
    this.#db.close()
    void this.#writer?.then((writer) => writer.close())
  }

  /**
   * From now on no other page writes what the processes of the slot have in memory. Reads that are asked for later find
   * all that another page wrote before. @throws {GliaError} ERR_STORAGE
   */
  async hold(slot: number): Promise<void> {
    this.#holder = { slot, id: crypto.randomUUID() }
    await takeHold(this.#db, this.#holder)
  }

  identity(slot: number): Promise<SlotIdentity | undefined> {
    return attempt('read the identity', () => this.#db.get('identities', slot))
  }

  async putIdentity(slot: number, identity: SlotIdentity): Promise<void> {
    await attempt('keep the identity', () => this.#db.put('identities', identity, slot))
  }

  meshSettings(): Promise<MeshSettings | undefined> {
    return attempt(
      'read the settings',
      async () => (await this.#db.get('settings', 'mesh')) as MeshSettings | undefined,
    )
  }

  people(): Promise<KeptPeople | undefined> {
    return attempt('read the names', async () => (await this.#db.get('settings', 'people')) as KeptPeople | undefined)
  }

  /** Other tabs may change them too: the change is applied to what is kept. @returns what is kept now */
  async changePeople(change: (kept: KeptPeople | undefined) => KeptPeople): Promise<KeptPeople> {
    return attempt('keep the names', async () => {
      const tx = this.#db.transaction('settings', 'readwrite')
      const people = change((await tx.store.get('people')) as KeptPeople | undefined)
      await Promise.all([tx.store.put(people, 'people'), tx.done])
      return people
    })
  }

  async putMeshSettings(settings: MeshSettings): Promise<void> {
    await attempt('keep the settings', () => this.#db.put('settings', settings, 'mesh'))
  }

  async processes(slot: number): Promise<ProcessRecord[]> {
    const records = await attempt('read the processes', () => this.#db.getAllFromIndex('processes', 'slot', slot))
    return records.flatMap(completed).sort((a, b) => a.createdAt - b.createdAt)
  }

  async putProcess(record: ProcessRecord, blobs: ReadonlyMap<string, Blob> = new Map()): Promise<void> {
    await attempt('keep the process', async () => {
      const given = blobs.size === 0 || (await this.#takesBlobs) ? blobs : await bytesOf(blobs)
      const tx = this.#db.transaction(['processes', 'modules'], 'readwrite', { durability: 'relaxed' })
      const modules = tx.objectStore('modules')
      const processes = tx.objectStore('processes')
      const now = modulesOf(record)
      const keepModule = async (cid: string): Promise<void> => {
        const module = given.get(cid)
        if (module && (await modules.getKey(cid)) === undefined) await modules.put(module, cid)
      }
      const keepRecord = async (): Promise<void> => {
        const [before] = await Promise.all([processes.get(record.pid), processes.put(record)])
        const dropped = before ? modulesOf(before).filter((cid) => !now.includes(cid)) : []
        if (dropped.length > 0) await dropUnused(dropped, tx)
      }
      // All at once: each answer is a trip to another process of the browser, and a spawn waits for all of them.
      await Promise.all([...now.map(keepModule), keepRecord(), tx.done])
    })
  }

  async deleteProcess(pid: Pid): Promise<void> {
    await attempt('forget the process', async () => {
      const tx = this.#db.transaction(['processes', 'modules', 'files', 'memory', 'reminders', 'keys'], 'readwrite', {
        durability: 'relaxed',
      })
      const processes = tx.objectStore('processes')
      const drop = async (): Promise<void> => {
        const [record] = await Promise.all([
          processes.get(pid),
          processes.delete(pid),
          tx.objectStore('files').delete(keysFrom(pid)),
          tx.objectStore('memory').delete(keysFrom(pid)),
          tx.objectStore('keys').delete(keysFrom(pid)),
          tx.objectStore('files').delete(instancesOf(pid)),
          tx.objectStore('memory').delete(instancesOf(pid)),
          tx.objectStore('reminders').delete(keysFrom(pid)),
          tx.objectStore('reminders').delete(instancesOf(pid)),
        ])
        if (record) await dropUnused(modulesOf(record), tx)
      }
      await Promise.all([drop(), tx.done])
    })
  }

  files(pid: string): Promise<FileEntry[]> {
    return attempt('read the files', () => this.#db.getAll('files', keysFrom(pid)))
  }

  async changeFiles(pid: string, changes: readonly FileChange[], durability: 'relaxed' | 'strict'): Promise<void> {
    await attempt('keep the files', async () => {
      const tx = this.#db.transaction('files', 'readwrite', { durability })
      const done = changes.map((change) =>
        change.kind === 'removed' ? tx.store.delete([pid, change.path]) : tx.store.put(change, [pid, change.path]),
      )
      await Promise.all([...done, tx.done])
    })
  }

  snapshot(pid: string, id?: number): Promise<WholeSnapshot | undefined> {
    // Whoever reads it checks it.
    return attempt('read the memory', () => snapshotIn(this.#parts(pid), id))
  }

  remembered(pids: readonly string[]): Promise<string[]> {
    return attempt('read the memory', async () => {
      const { store } = this.#db.transaction('memory')
      const first = await Promise.all(pids.map((pid) => store.getKey(keysFrom(pid))))
      return pids.filter((_, i) => first[i] !== undefined)
    })
  }

  snapshots(pid: string): Promise<SnapshotInfo[]> {
    return attempt('read the memory', () => snapshotsIn(this.#parts(pid)))
  }

  async putCheckpoint(pid: string, checkpoint: Checkpoint, durability: 'relaxed' | 'strict'): Promise<void> {
    await writeCheckpoint(this.#db, pid, checkpoint, durability, this.#holder)
  }

  async takeCheckpoint(pid: string, checkpoint: Checkpoint, durability: 'relaxed' | 'strict'): Promise<void> {
    const writer = await (this.#writer ??= this.#makeWriter?.(this.#db.name, this.#holder))
    if (writer?.works === true) return writer.put(pid, checkpoint, durability)
    await this.putCheckpoint(pid, checkpoint, durability)
  }

  async dropSnapshot(pid: string): Promise<void> {
    await attempt('forget the memory', () => this.#db.delete('memory', keysFrom(pid)))
  }

  async reminders(slot: number): Promise<Reminder[]> {
    return attempt('read the reminders', async () => {
      const tx = this.#db.transaction(['processes', 'reminders'])
      const pids = await tx.objectStore('processes').index('slot').getAllKeys(slot)
      const ranges = pids.flatMap((pid) => [keysFrom(pid), instancesOf(pid)])
      const all = await Promise.all(ranges.map((range) => tx.objectStore('reminders').getAll(range)))
      return all.flat()
    })
  }

  async putReminder(reminder: Reminder): Promise<void> {
    const { pid, id } = reminder
    await attempt('keep the reminder', async () => {
      const tx = this.#db.transaction('reminders', 'readwrite', { durability: 'strict' })
      await Promise.all([tx.store.put(reminder, [pid, id]), tx.done])
    })
  }

  async deleteReminder({ pid, id }: Reminder): Promise<void> {
    await attempt('forget the reminder', () => this.#db.delete('reminders', [pid, id]))
  }

  key(pid: string, key: string): Promise<KeyRecord | undefined> {
    return attempt('read the key', () => this.#db.get('keys', [pid, key]))
  }

  async putKey(pid: string, record: KeyRecord): Promise<void> {
    await attempt('keep the key', async () => {
      const tx = this.#db.transaction(['processes', 'keys'], 'readwrite', { durability: 'relaxed' })
      const put = async (): Promise<void> => {
        if ((await tx.objectStore('processes').getKey(pid)) === undefined) return
        await tx.objectStore('keys').put(record, [pid, record.key])
      }
      await Promise.all([put(), tx.done])
    })
  }

  async deleteKey(pid: Pid, key: string): Promise<void> {
    await attempt('forget the key', async () => {
      const tx = this.#db.transaction(['keys', 'files', 'memory', 'reminders'], 'readwrite', { durability: 'relaxed' })
      const own = keysFrom(instancePid(pid, key))
      await Promise.all([
        tx.objectStore('keys').delete([pid, key]),
        tx.objectStore('files').delete(own),
        tx.objectStore('memory').delete(own),
        tx.objectStore('reminders').delete(own),
        tx.done,
      ])
    })
  }

  countKeys(pid: string): Promise<number> {
    return attempt('count the keys', () => this.#db.count('keys', keysFrom(pid)))
  }

  keys(pid: string, limit: number, after?: string): Promise<KeyRecord[]> {
    const range = after === undefined ? keysFrom(pid) : IDBKeyRange.bound([pid, after], [pid, []], true)
    return attempt('read the keys', () => this.#db.getAll('keys', range, limit))
  }

  async dropSnapshots(pid: string): Promise<void> {
    await attempt('forget the memory', () => this.#db.delete('memory', instancesOf(pid)))
  }

  #parts(pid: string): Parts {
    return partsIn(this.#db.transaction('memory').store, pid)
  }

  async module(cid: string): Promise<Blob | undefined> {
    const module = await attempt('read the module', () => this.#db.get('modules', cid))
    return module instanceof ArrayBuffer ? new Blob([module]) : module
  }
}

/**
 * Whether the database stores blobs. In private windows WebKit's does not. There a refused blob also leaves a
 * transaction with other requests open for ever, and every later one waits for it (2.50.6). So this tries it in a
 * transaction with one request, and undoes it.
 */
async function takesBlobs(db: IDBPDatabase<Schema>): Promise<boolean> {
  const tx = db.transaction('modules', 'readwrite', { durability: 'relaxed' })
  tx.done.catch(() => undefined) // It is aborted in any case.
  try {
    await tx.store.put(new Blob(), '')
    tx.abort()
    return true
  } catch {
    return false
  }
}

async function bytesOf(blobs: ReadonlyMap<string, Blob>): Promise<ReadonlyMap<string, ArrayBuffer>> {
  return new Map(await Promise.all([...blobs].map(async ([cid, blob]) => [cid, await blob.arrayBuffer()] as const)))
}

type Changes = IDBPTransaction<
  Schema,
  ('processes' | 'modules' | 'files' | 'memory' | 'reminders' | 'keys')[],
  'readwrite'
>

async function dropUnused(cids: readonly string[], tx: Changes): Promise<void> {
  const used = new Set((await tx.objectStore('processes').getAll()).flatMap(modulesOf))
  const unused = cids.filter((cid) => !used.has(cid))
  await Promise.all(unused.map((cid) => tx.objectStore('modules').delete(cid)))
}

/** CIDs that a process needs: its modules, and its files outside of `/data`. */
export function modulesOf({ cid, previous, mounts = [] }: ProcessRecord): string[] {
  return [cid, ...(previous ? [previous.cid] : []), ...mounts.map((mount) => mount.cid)]
}

/**
 * A record with all fields that an earlier version of the app did not write. A record of a later version, with fields
 * unknown here, is left alone: the process must not run with less of a policy than it was given. The exception is the
 * root process, which is the app's own and has to be there under its PID: it gets the defaults.
 */
export function completed(record: ProcessRecord): ProcessRecord[] {
  try {
    return [{ ...record, policy: makePolicy({ ...record.policy }), restart: makeRestart(record.restart) }]
  } catch {
    return record.root ? [{ ...record, policy: makePolicy({}), restart: makeRestart() }] : []
  }
}
