import type { Pid } from '../../glia/pid.ts'
import type { FileStore } from '../files/process-files.ts'
import type { SnapshotStore } from '../snapshot/stored-memory.ts'
import type { KeyRecord, ProcessRecord } from './process-record.ts'
import type { ReminderStore } from './reminder.ts'

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
   * Keeps processes, all of them or none, and those of the given modules that they have. Modules that they had before are
   * deleted if no other process has them.
   */
  putProcesses(records: readonly ProcessRecord[], modules?: ReadonlyMap<string, Blob>): Promise<void>
  /** Forgets a process with its files and keys, and its modules if no process of any slot has them. */
  deleteProcess(pid: Pid): Promise<void>
  module(cid: string): Promise<Blob | undefined>
}
