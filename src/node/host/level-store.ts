import { Deserializer, Serializer } from 'node:v8'
import type { FileChange, FileEntry } from '../../actors/files/files-api.ts'
import { changesOf, type Parts, snapshotIn, type SnapshotInfo, snapshotsIn } from '../../actors/snapshot/history.ts'
import type { Checkpoint, WholeSnapshot } from '../../actors/snapshot/snapshot.ts'
import type { Reminder } from '../../actors/table/reminder.ts'
import { completed, type KeyRecord, modulesOf, type ProcessRecord } from '../../actors/table/process-record.ts'
import type { ProcessStore } from '../../actors/table/process-store.ts'
import { GliaError } from '../../glia/errors.ts'
import { instancePid, keyIn, processOf } from '../../glia/instance-key.ts'
import type { Logger } from '../../glia/log.ts'
import type { Pid } from '../../glia/pid.ts'
import { type Change, databaseTrouble, LevelDatabase } from './level-database.ts'

/** Kinds of what is kept. A key is the kind and its names, with a zero between: no name has one. */
const [PROCESS, MODULE, FILE, MEMORY, KEY, REMINDER] = ['process', 'module', 'file', 'memory', 'key', 'reminder']

/**
 * The processes of a host, in LevelDB. Reads and writes happen in the order in which they were asked for, and each write
 * is whole or not there. `strict` writes survive a machine that loses its power, the others a process that is killed.
 */
export class LevelStore implements ProcessStore {
  readonly #db: LevelDatabase
  #last: Promise<unknown> = Promise.resolve()

  private constructor(db: LevelDatabase) {
    this.#db = db
  }

  /**
   * @param log Told what of the database could not be read, and when it cannot be written.
   * @throws {GliaError} ERR_STORAGE if the folder cannot be used, or another process uses it
   */
  static async open(folder: string, log: Logger): Promise<LevelStore> {
    return attempt('open its database', async () => new LevelStore(await LevelDatabase.open(folder, log)))
  }

  /** Started reads and writes are finished. Those that come later fail. */
  async close(): Promise<void> {
    const closed = this.#last.then(() => this.#db.close())
    this.#last = closed.catch(() => undefined)
    await closed
  }

  async processes(slot: number): Promise<ProcessRecord[]> {
    const records = await this.#read('read the processes', () => this.#records())
    return records
      .filter((record) => record.slot === slot)
      .flatMap(completed)
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  async putProcesses(records: readonly ProcessRecord[], blobs: ReadonlyMap<string, Blob> = new Map()): Promise<void> {
    await this.#write('keep the process', async () => {
      const before = await Promise.all(records.map(({ pid }) => this.#get<ProcessRecord>(keyOf(PROCESS, pid))))
      const changes = records.map((record) => put(keyOf(PROCESS, record.pid), record))
      for (const cid of new Set(records.flatMap(modulesOf))) {
        const module = blobs.get(cid)
        const key = keyOf(MODULE, cid)
        // oxlint-disable-next-line no-await-in-loop -- there are few, and large ones should not be in memory at once
        if (!module || (await this.#db.get(key)) !== undefined) continue
        // oxlint-disable-next-line no-await-in-loop
        changes.push({ type: 'put', key, value: new Uint8Array(await module.arrayBuffer()) })
      }
      changes.push(...(await this.#unused(before, records)))
      await this.#db.batch(changes)
    })
  }

  async deleteProcess(pid: Pid): Promise<void> {
    await this.#write('forget the process', async () => {
      const record = await this.#get<ProcessRecord>(keyOf(PROCESS, pid))
      const parts = [
        this.#keys(FILE, pid),
        this.#keys(MEMORY, pid),
        this.#keys(KEY, pid),
        this.#keysOfInstances(FILE, pid),
        this.#keysOfInstances(MEMORY, pid),
        this.#keys(REMINDER, pid),
        this.#keysOfInstances(REMINDER, pid),
      ]
      const keys = [keyOf(PROCESS, pid), ...(await Promise.all(parts)).flat()]
      await this.#db.batch([...keys.map(del), ...(await this.#unused([record], []))])
    })
  }

  files(pid: string): Promise<FileEntry[]> {
    return this.#read('read the files', () => this.#all<FileEntry>(FILE, pid))
  }

  async changeFiles(pid: string, changes: readonly FileChange[], durability: 'relaxed' | 'strict'): Promise<void> {
    await this.#write('keep the files', () =>
      this.#db.batch(
        changes.map((change) => {
          const key = keyOf(FILE, pid, change.path)
          return change.kind === 'removed' ? del(key) : put(key, change)
        }),
        { sync: durability === 'strict' },
      ),
    )
  }

  snapshot(pid: string, id?: number): Promise<WholeSnapshot | undefined> {
    // Whoever reads it checks it.
    return this.#read('read the memory', () => snapshotIn(this.#parts(pid), id))
  }

  remembered(pids: readonly string[]): Promise<string[]> {
    return this.#read('read the memory', async () => {
      const first = pids.map((pid) => this.#db.keys({ ...keysFrom([MEMORY, pid]), limit: 1 }))
      const found = await Promise.all(first)
      return pids.filter((_, i) => found[i]?.length === 1)
    })
  }

  snapshots(pid: string): Promise<SnapshotInfo[]> {
    return this.#read('read the memory', () => snapshotsIn(this.#parts(pid)))
  }

  async putCheckpoint(pid: string, checkpoint: Checkpoint, durability: 'relaxed' | 'strict'): Promise<void> {
    await this.#write('keep the memory', async () => {
      // Nobody would delete the memory of a process that was forgotten meanwhile.
      const key = keyIn(pid)
      const owner = key === undefined ? keyOf(PROCESS, pid) : keyOf(KEY, processOf(pid), key)
      if ((await this.#db.get(owner)) === undefined) return
      const { puts, gone } = await changesOf(this.#parts(pid), checkpoint, Date.now())
      const changes = [
        ...gone.map((part) => del(partOf(pid, part))),
        ...puts.map(([part, value]) => put(partOf(pid, part), value)),
      ]
      await this.#db.batch(changes, { sync: durability === 'strict' })
    })
  }

  async dropSnapshot(pid: string): Promise<void> {
    await this.#write('forget the memory', async () => this.#db.batch((await this.#keys(MEMORY, pid)).map(del)))
  }

  key(pid: string, key: string): Promise<KeyRecord | undefined> {
    return this.#read('read the key', () => this.#get<KeyRecord>(keyOf(KEY, pid, key)))
  }

  async putKey(pid: string, record: KeyRecord): Promise<void> {
    await this.#write('keep the key', async () => {
      if ((await this.#db.get(keyOf(PROCESS, pid))) === undefined) return
      await this.#db.batch([put(keyOf(KEY, pid, record.key), record)])
    })
  }

  async deleteKey(pid: Pid, key: string): Promise<void> {
    await this.#write('forget the key', async () => {
      const own = instancePid(pid, key)
      const parts = [this.#keys(FILE, own), this.#keys(MEMORY, own), this.#keys(REMINDER, own)]
      const keys = [keyOf(KEY, pid, key), ...(await Promise.all(parts)).flat()]
      await this.#db.batch(keys.map(del))
    })
  }

  async countKeys(pid: string): Promise<number> {
    return (await this.#read('count the keys', () => this.#keys(KEY, pid))).length
  }

  keys(pid: string, limit: number, after?: string): Promise<KeyRecord[]> {
    return this.#read('read the keys', async () => {
      const range = { ...keysFrom([KEY, pid]), ...(after !== undefined && { gt: keyOf(KEY, pid, after) }) }
      const values = await this.#db.values({ ...range, limit })
      return values.map((bytes) => decoded(bytes) as KeyRecord)
    })
  }

  async dropSnapshots(pid: string): Promise<void> {
    await this.#write('forget the memory', async () =>
      this.#db.batch((await this.#keysOfInstances(MEMORY, pid)).map(del)),
    )
  }

  async module(cid: string): Promise<Blob | undefined> {
    const bytes = await this.#read('read the module', () => this.#db.get(keyOf(MODULE, cid)))
    return bytes && new Blob([new Uint8Array(bytes)])
  }

  reminders(slot: number): Promise<Reminder[]> {
    return this.#read('read the reminders', async () => {
      const pids = new Set((await this.#records()).filter((record) => record.slot === slot).map(({ pid }) => pid))
      return (await this.#all<Reminder>(REMINDER)).filter(({ pid }) => pids.has(processOf(pid)))
    })
  }

  async putReminder(reminder: Reminder): Promise<void> {
    const { pid, id } = reminder
    await this.#write('keep the reminder', async () => {
      if ((await this.#db.get(keyOf(PROCESS, processOf(pid)))) === undefined) return
      await this.#db.batch([del(keyOf(REMINDER, id)), put(reminderKey(reminder), reminder)], { sync: true })
    })
  }

  async deleteReminder(reminder: Reminder): Promise<void> {
    const keys = [reminderKey(reminder), keyOf(REMINDER, reminder.id)]
    await this.#write('forget the reminder', () => this.#db.batch(keys.map(del)))
  }

  /** Deletions of the modules that processes had and that no process has now. @param before In any order. */
  async #unused(before: readonly (ProcessRecord | undefined)[], now: readonly ProcessRecord[]): Promise<Change[]> {
    const known = before.filter((record) => record !== undefined)
    const kept = new Set(now.flatMap(modulesOf))
    const dropped = new Set(known.flatMap(modulesOf).filter((cid) => !kept.has(cid)))
    if (dropped.size === 0) return []
    const changed = new Set(known.map(({ pid }) => pid))
    const others = (await this.#records()).filter(({ pid }) => !changed.has(pid))
    for (const cid of others.flatMap(modulesOf)) dropped.delete(cid)
    return [...dropped].map((cid) => del(keyOf(MODULE, cid)))
  }

  #parts(pid: string): Parts {
    return {
      get: (part) => this.#get(partOf(pid, part)),
      numbers: async (first, last) => {
        const keys = await this.#db.keys({ gte: partOf(pid, first), lte: partOf(pid, last) })
        return keys.map((key) => Number(key.slice(key.lastIndexOf('\0') + 1)))
      },
    }
  }

  #records(): Promise<ProcessRecord[]> {
    return this.#all<ProcessRecord>(PROCESS)
  }

  async #get<T>(key: string): Promise<T | undefined> {
    const bytes = await this.#db.get(key)
    return bytes && (decoded(bytes) as T)
  }

  async #all<T>(...start: readonly string[]): Promise<T[]> {
    const values = await this.#db.values(keysFrom(start))
    return values.map((bytes) => decoded(bytes) as T)
  }

  #keys(...start: readonly string[]): Promise<string[]> {
    return this.#db.keys(keysFrom(start))
  }

  /** The keys of all instances of a process: their PIDs are its own and a colon. The semicolon comes next. */
  #keysOfInstances(kind: string, pid: string): Promise<string[]> {
    return this.#db.keys({ gt: keyOf(kind, `${pid}:`), lt: keyOf(kind, `${pid};`) })
  }

  #read<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#inTurn(what, async () => {
      await this.#db.readable()
      return work()
    })
  }

  #write(what: string, work: () => Promise<void>): Promise<void> {
    return this.#inTurn(what, async () => {
      await this.#db.writable()
      await work()
    })
  }

  #inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => attempt(what, work))
    this.#last = done.catch(() => undefined)
    return done
  }
}

/** An earlier version kept a reminder under its id alone. A change of it deletes that. */
function reminderKey({ pid, id }: Reminder): string {
  return keyOf(REMINDER, pid, id)
}

function keyOf(...names: readonly string[]): string {
  return names.join('\0')
}

/** Parts of a memory are in the order of their numbers. */
function partOf(pid: string, id: number): string {
  return keyOf(MEMORY, pid, String(id).padStart(16, '0'))
}

/** All keys that begin with these names. */
function keysFrom(names: readonly string[]): { gt: string; lt: string } {
  const start = names.join('\0')
  return { gt: `${start}\0`, lt: `${start}\x01` }
}

function put(key: string, value: unknown): Change {
  return { type: 'put', key, value: encoded(value) }
}

function del(key: string): Change & { type: 'del' } {
  return { type: 'del', key }
}

/** Structured clones, whose format V8 reads for ever. `v8.serialize` would give views of one common buffer back. */
function encoded(value: unknown): Uint8Array {
  const serializer = new Serializer()
  serializer.writeHeader()
  serializer.writeValue(value)
  return serializer.releaseBuffer()
}

function decoded(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes)
  deserializer.readHeader()
  return deserializer.readValue()
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new GliaError('ERR_STORAGE', `The host could not ${what}: ${databaseTrouble(cause)}.`, { cause })
  }
}
