/**
 * Stores checkpoints beside the page. A checkpoint may have some MiB, and the browser copies it on the thread that stores
 * it.
 */
import { expose } from 'comlink'
import { type IDBPDatabase, openDB } from 'idb'
import { type Holder, writeCheckpoint } from '../actors/table/checkpoint-writes.ts'
import { attempt, closeForNewer } from '../actors/table/database-parts.ts'
import type { Schema } from '../actors/table/schema.ts'
import type { Checkpoint } from '../actors/snapshot/snapshot.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'

export interface StorageWorkerApi {
  /** Called once, first. The page has made the database. @throws {GliaError} ERR_STORAGE */
  open(database: string): Promise<void>
  /** @throws {GliaError} ERR_STORAGE, ERR_BAD_SNAPSHOT */
  put(order: StorageOrder): Promise<void>
}

export interface StorageOrder {
  pid: string
  checkpoint: Checkpoint
  durability: 'relaxed' | 'strict'
  holder: Holder | undefined
}

let db: IDBPDatabase<Schema> | undefined

const api: StorageWorkerApi = {
  async open(database) {
    db = await attempt('open its database', () => openDB<Schema>(database, undefined, { blocking: closeForNewer }))
  },
  async put({ pid, checkpoint, durability, holder }) {
    if (db) await writeCheckpoint(db, pid, checkpoint, durability, holder)
  },
}

installErrorTransfer()
expose(api)
