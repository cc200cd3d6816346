import { LoadedOnce } from '../../glia/loaded-once.ts'
import type { IDBPDatabase, IDBPTransaction } from 'idb'
import { instancePid, processOf } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import type { FileChange, FileEntry } from '../files/files-api.ts'
import type { SnapshotStore } from '../snapshot/stored-memory.ts'
import { type Parts, snapshotIn, type SnapshotInfo, snapshotsIn } from '../snapshot/history.ts'
import type { Checkpoint, WholeSnapshot } from '../snapshot/snapshot.ts'
import { type Holder, partsIn, takeHold, writeCheckpoint } from './checkpoint-writes.ts'
import { abort, attempt, instancesOf, keysFrom } from './database-parts.ts'
import { completed, type KeyRecord, modulesOf, type ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import type { Reminder } from './reminder.ts'
import { type KeptPeople, type MeshSettings, openDatabase, type Schema, type SlotIdentity } from './schema.ts'

/** Stores checkpoints in a thread of its own. */
export interface CheckpointWriter {
  /** False if its thread could not be started, or has ended. */
  readonly works: boolean
  /** The memory of the checkpoint is gone afterwards. */
  put(...given: Parameters<SnapshotStore['putCheckpoint']>): Promise<void>
  /** Ends the thread. */
  close(): void
}

type MakeWriter = (database: string, holder: Holder | undefined) => Promise<CheckpointWriter>

/** The data of this origin that outlives the page. Failures are ERR_STORAGE. */
export class Store implements ProcessStore {
  readonly #db: IDBPDatabase<Schema>
  readonly #takesBlobs: Promise<boolean>
  readonly #writer: LoadedOnce<CheckpointWriter> | undefined
  #holder: Holder | undefined

  private constructor(db: IDBPDatabase<Schema>, makeWriter: MakeWriter | undefined) {
    this.#db = db
    this.#writer = makeWriter && new LoadedOnce(() => makeWriter(db.name, this.#holder))
    this.#takesBlobs = takesBlobs(db)
  }

  /**
   * @param name Name of the database. Peers with other names share nothing.
   * @param makeWriter Starts a thread that stores checkpoints, with the first of them. Left out: this thread stores them.
   * @throws {GliaError} ERR_STORAGE if the browser gives this page no database (some private windows do not).
   */
  static async open(name: string, makeWriter?: MakeWriter): Promise<Store> {
    return new Store(await openDatabase(name), makeWriter)
  }

  /** Started writes are finished, except checkpoints that are on their way to the thread that stores them. */
  close(): void {
    this.#db.close()
    void this.#writer?.loading?.then(
      (writer) => writer.close(),
      () => undefined,
    )
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

  async putProcesses(records: readonly ProcessRecord[], blobs: ReadonlyMap<string, Blob> = new Map()): Promise<void> {
    await attempt('keep the process', async () => {
      const given = blobs.size === 0 || (await this.#takesBlobs) ? blobs : await bytesOf(blobs)
      const tx = this.#db.transaction(['processes', 'modules'], 'readwrite', { durability: 'relaxed' })
      const modules = tx.objectStore('modules')
      const processes = tx.objectStore('processes')
      const now = new Set(records.flatMap(modulesOf))
      const keepModule = async (cid: string): Promise<void> => {
        const module = given.get(cid)
        if (module && (await modules.getKey(cid)) === undefined) await modules.put(module, cid)
      }
      const keepRecord = async (record: ProcessRecord): Promise<string[]> => {
        const [before] = await Promise.all([processes.get(record.pid), processes.put(record)])
        return before ? modulesOf(before).filter((cid) => !now.has(cid)) : []
      }
      const keepRecords = async (): Promise<void> => {
        const dropped = (await Promise.all(records.map(keepRecord))).flat()
        if (dropped.length > 0) await dropUnused(dropped, tx)
      }
      try {
        // All at once: each answer is a trip to another process of the browser, and a spawn waits for all of them.
        await Promise.all([...[...now].map(keepModule), keepRecords(), tx.done])
      } catch (thrown) {
        abort(tx)
        throw thrown
      }
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
    // If the code for the thread cannot be had now, this thread stores the checkpoint, and the next one asks again.
    const writer = await this.#writer?.get().catch(() => undefined)
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
      const tx = this.#db.transaction(['processes', 'reminders'], 'readwrite', { durability: 'strict' })
      const put = async (): Promise<void> => {
        if ((await tx.objectStore('processes').getKey(processOf(pid))) === undefined) return
        await tx.objectStore('reminders').put(reminder, [pid, id])
      }
      await Promise.all([put(), tx.done])
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
