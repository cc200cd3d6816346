/**
 * Stores checkpoints beside the page, and reads the present one. It may have some MiB, and the browser copies it on the
 * thread that stores or reads it.
 */
import { expose, transfer } from 'comlink'
import { type IDBPDatabase, openDB } from 'idb'
import { type Holder, partsIn, writeCheckpoint } from '../actors/table/checkpoint-writes.ts'
import { attempt, closeForNewer } from '../actors/table/database-parts.ts'
import type { Schema } from '../actors/table/schema.ts'
import { buffersOf, type Checkpoint, type WholeSnapshot } from '../actors/snapshot/snapshot.ts'
import { RecentSnapshots } from '../actors/snapshot/recent-snapshots.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'

export interface StorageWorkerApi {
  /** Called once, first. The page has made the database. @throws {GliaError} ERR_STORAGE */
  open(database: string): Promise<void>
  /** @throws {GliaError} ERR_STORAGE, ERR_BAD_SNAPSHOT */
  put(order: StorageOrder): Promise<void>
  /** The present snapshot of a process. @throws {GliaError} ERR_STORAGE */
  read(pid: string): Promise<WholeSnapshot | undefined>
}

export interface StorageOrder {
  pid: string
  checkpoint: Checkpoint
  durability: 'relaxed' | 'strict'
  holder: Holder | undefined
}

let db: IDBPDatabase<Schema> | undefined
const recent = new RecentSnapshots()

const api: StorageWorkerApi = {
  async open(database) {
    db = await attempt('open its database', () => openDB<Schema>(database, undefined, { blocking: closeForNewer }))
  },
  async put({ pid, checkpoint, durability, holder }) {
    if (!db) return
    const step = await writeCheckpoint(db, pid, checkpoint, durability, holder)
    if (step) recent.stored(pid, step, checkpoint)
  },
  async read(pid) {
    if (!db) return undefined
    const { store } = db.transaction('memory')
    const whole = await attempt('read the memory', () => recent.read(pid, partsIn(store, pid)))
    return whole && transfer(whole, buffersOf(whole))
  },
}

installErrorTransfer()
expose(api)
