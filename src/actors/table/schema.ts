import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { FileEntry } from '../files/files-api.ts'
import { attempt, closeForNewer } from './database-parts.ts'
import type { KeyRecord, ProcessRecord } from './process-record.ts'
import type { Reminder } from './reminder.ts'

const VERSION = 6

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

/** @throws {GliaError} ERR_STORAGE if the browser gives this page no database (some private windows do not). */
export function openDatabase(name: string): Promise<IDBPDatabase<Schema>> {
  return attempt('open its database', () =>
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
}
