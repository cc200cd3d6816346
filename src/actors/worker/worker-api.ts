/**
 * Everything that crosses between the page and an actor worker, in one place: the Comlink interface (control), the two
 * kinds of channel (bytes), and the port messages of the channels that are not rings.
 */
import { fields, isBytes, isCredit } from '../../glia/untrusted.ts'
import type { FileEntry, KeptFiles } from '../files/files-api.ts'
import { readStatus, type RunEnd } from './control.ts'
import type { InspectedModule } from '../module/inspect.ts'
import type { HashedBytes } from '../module/read-module.ts'

export type TierName = 'rings' | 'JSPI' | 'buffered'

/** What to run. Posted again for each fresh instance. */
export interface Program {
  module: WebAssembly.Module
  /** argv, the name first. */
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
  /** Names of the methods; messages give an index into it. */
  methods: readonly string[]
  limits: ProgramLimits
  /** Whether its standard descriptors look like a terminal. Left out: like pipes. */
  tty?: boolean | undefined
  /** What `/` holds when an instance begins, besides `/tmp` and the mounts; null: the program has no files at all. */
  root?: readonly FileEntry[] | null
  /** Files that `/` holds too, and that the guest cannot change. */
  shared?: readonly SharedFile[] | undefined
}

/** A file that every instance finds as it is. */
export interface SharedFile {
  /** Below `/`. */
  path: string
  bytes: Uint8Array<ArrayBuffer>
}

/** What the worker holds a guest to; of its policy. */
export interface ProgramLimits {
  /** Files and folders that may be open at once, the standard descriptors apart. */
  maxOpenFiles: number
  /** Calls to others that may be open at once; 0 if it may make none. */
  maxCalls: number
  /** Largest memory of the instance's own files, as under `/tmp`, in bytes. Left out: 256 MiB. */
  maxTmpBytes?: number | undefined
}

export type Channel = Bytes & {
  /** For the calls that the guest makes; see `outgoing-api.ts`. Left out: it may make none. */
  calls?: MessagePort
  /** The files of `/data`. Left out: they are lost with the worker. */
  kept?: KeptFiles
}

type Bytes =
  | {
      tier: 'rings'
      control: SharedArrayBuffer
      stdin: SharedArrayBuffer
      stdout: SharedArrayBuffer
      stderr: SharedArrayBuffer
    }
  | { tier: 'JSPI' | 'buffered'; port: MessagePort }

/** Why the message loop of a worker ended: its instance is gone. */
export type ServeEnd =
  | { reason: 'exited'; code: number }
  | {
      reason: 'trapped'
      message: string
      /** Frames inside the module, innermost first. */
      frames: readonly string[]
    }

/** It was asked to end: the same instance serves on when `serve` is called again. */
export interface Paused {
  reason: 'paused'
}

/** The Comlink interface of an actor worker. */
export interface ActorWorkerApi {
  /**
   * Reads and hashes a module, in a worker that does nothing else. It keeps the bytes.
   * @param progress Gets the number of bytes read so far, now and then.
   * @throws {GliaError} ERR_BAD_MODULE
   */
  read(source: Blob, copy: boolean, progress: MessagePort): Promise<HashedBytes>
  /** Compiles what was read. @throws {GliaError} ERR_BAD_MODULE */
  compile(maxMemoryBytes: number, allowStart: boolean): Promise<InspectedModule>
  /** Once, first: how bytes travel. */
  connect(channel: Channel): void
  /**
   * Makes a fresh instance and runs its `_initialize`. @returns its memory in bytes, with that of its files under `/tmp`.
   * @throws {GliaError} ERR_START if the module refuses.
   */
  instantiate(program: Program): Promise<number>
  /** Runs messages until one of them ends the instance. With rings it blocks the worker. */
  serve(): Promise<ServeEnd | Paused>
  /**
   * Puts files under `/data`, over those that have their paths. Not while a message loop blocks the worker.
   * @returns how often it has told of changes under `/data` until then.
   */
  putFiles(entries: readonly FileEntry[]): number
}

/** Page to worker, over the port of a JSPI or buffered channel. `id` is the number of the message. */
export type ToWorker =
  | { type: 'call'; id: number; method: number }
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'end'; id: number }
  /** Reads and writes of the guest fail from now on. */
  | { type: 'abort'; id: number }
  /** Only writes fail: nobody reads the reply. */
  | { type: 'cancel'; id: number }
  /** The page has passed on that many bytes of the reply. */
  | { type: 'credit'; id: number; bytes: number }

/** Worker to page. */
export type FromWorker =
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  /** The guest has read that many bytes of the message. */
  | { type: 'credit'; id: number; bytes: number }
  /** The guest wants no more of the message. */
  | { type: 'cancel'; id: number }
  /** The reply is whole; the guest goes on. */
  | { type: 'end'; id: number }
  | { type: 'stderr'; bytes: Uint8Array<ArrayBuffer> }
  | ({ type: 'done'; id: number } & RunEnd)

/** Bytes that may be on their way over a port, in each direction, before the receiver has given credit. */
export const PORT_WINDOW_BYTES = 256 * 1024

/** @throws {TypeError} if the value is none of the messages. */
export function readToWorker(value: unknown): ToWorker {
  const { type, id, method, bytes } = fields(value)
  if (typeof id === 'number') {
    if (type === 'end' || type === 'abort' || type === 'cancel') return { type, id }
    if (type === 'call' && typeof method === 'number') return { type, id, method }
    if (type === 'credit' && isCredit(bytes)) return { type, id, bytes }
    if (type === 'data' && isBytes(bytes)) return { type, id, bytes }
  }
  throw new TypeError(`Not a message for an actor worker: ${String(type)}`)
}

/** @throws {TypeError} if the value is none of the messages. */
export function readFromWorker(value: unknown): FromWorker {
  const { type, id, bytes, status, code, memoryBytes, tmpBytes, instanceGone, fileReports } = fields(value)
  if (type === 'stderr' && isBytes(bytes)) return { type, bytes }
  if (typeof id === 'number') {
    if (type === 'credit' && isCredit(bytes)) return { type, id, bytes }
    if (type === 'data' && isBytes(bytes)) return { type, id, bytes }
    if (type === 'cancel' || type === 'end') return { type, id }
    const isMeasured = typeof memoryBytes === 'number' && typeof tmpBytes === 'number'
    if (type === 'done' && typeof code === 'number' && isMeasured && typeof fileReports === 'number') {
      const gone = instanceGone === true
      return { type, id, status: readStatus(status), code, memoryBytes, tmpBytes, instanceGone: gone, fileReports }
    }
  }
  throw new TypeError(`Not a message from an actor worker: ${String(type)}`)
}

/** @throws {TypeError} if it is no number of bytes or of reports. */
export function readCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`Not a number of what an actor worker has: ${typeof value}`)
}

/** @throws {TypeError} if it is no end of a message loop. */
export function readServeEnd(value: unknown): ServeEnd | Paused {
  const { reason, code, message, frames } = fields(value)
  if (reason === 'paused') return { reason }
  if (reason === 'exited' && typeof code === 'number') return { reason, code }
  if (reason === 'trapped' && typeof message === 'string' && isTexts(frames)) return { reason, message, frames }
  throw new TypeError(`Not the end of an instance: ${String(reason)}`)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}
