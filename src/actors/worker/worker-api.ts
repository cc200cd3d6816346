/**
 * The Comlink interface between the page and an actor worker (control), and the two kinds of channel for bytes. The
 * messages on the port of a channel are in `frames.ts`.
 */
import { GliaError } from '../../glia/errors.ts'
import { fields } from '../../glia/untrusted.ts'
import { WINDOW_BYTES } from '../carrier/frames.ts'
import type { FileChange, FileEntry, KeptFiles } from '../files/files-api.ts'
import type { InspectedModule } from '../module/inspect.ts'
import type { ModuleState } from '../module/module-state.ts'
import type { HashedBytes } from '../module/read-module.ts'
import { type Checkpoint, type Extent, readCheckpoint, type WholeSnapshot } from '../snapshot/snapshot.ts'

export type TierName = 'rings' | 'JSPI' | 'buffered'

/** What a worker runs. Posted again for each fresh instance. */
export interface Program {
  module: WebAssembly.Module
  /** How the state of its instances is taken. Left out: it is not. */
  state?: { cid: string; exposed: ModuleState } | undefined
  /** argv, with the name first. */
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
  /** Names of the methods. Messages carry an index into it. */
  methods: readonly string[]
  limits: ProgramLimits
  /** Whether each message gets an instance of its own. Left out: only messages of commands do. */
  isFresh?: boolean | undefined
  /** Whether its standard descriptors look like a terminal. Left out: they look like pipes. */
  tty?: boolean | undefined
  /**
   * The entries of `/` when an instance begins, beside `/tmp` and the mounts; null: the program has no files at all.
   */
  root?: readonly FileEntry[] | null
  /** Read-only files in `/`. */
  shared?: readonly SharedFile[] | undefined
}

/** A read-only file of every instance. */
export interface SharedFile {
  /** Below `/`. */
  path: string
  bytes: Uint8Array<ArrayBuffer>
}

/** Limits of a guest that the worker enforces. They come from its policy. */
export interface ProgramLimits {
  /** Files and folders that may be open at once, beside the standard descriptors. */
  maxOpenFiles: number
  /** Calls to others that may be open at once; 0 if the guest may make none. */
  maxCalls: number
  /** Largest memory of the instance's own files, as under `/tmp`, in bytes. Left out: 256 MiB. */
  maxTmpBytes?: number | undefined
}

/** A directory in `/` whose files are calls to others, or HTTP requests. */
export type CallRoot = 'ww' | 'http'

/** The worker's side of a lane. */
export type Channel = Bytes & {
  /** The directories of calls and of HTTP requests that the guest has. Left out: none. */
  calls?: readonly CallRoot[]
  /** The files of `/data`. Left out: they are lost with the worker. */
  kept?: KeptFiles
  /** Where the recording of each message goes. Only the script `recorder.js` records. */
  recordings?: MessagePort
}

type Bytes =
  | {
      tier: 'rings'
      control: SharedArrayBuffer
      stdin: SharedArrayBuffer
      stdout: SharedArrayBuffer
      stderr: SharedArrayBuffer
      /** For the guest's calls. Left out: it may make none. */
      port?: MessagePort
    }
  /** The port carries everything: see `frames.ts`. */
  | { tier: 'JSPI' | 'buffered'; port: MessagePort }

/** Why the message loop of a worker ended. Its instance is gone. */
export type ServeEnd =
  | { reason: 'exited'; code: number }
  | {
      reason: 'trapped'
      message: string
      /** Frames inside the module, innermost first. */
      frames: readonly string[]
    }

/** The loop was asked to end. The same instance goes on when `serve` is called again. */
export interface Paused {
  reason: 'paused'
}

/** What a message loop posts for a state that it was told to take. */
export type Taken = { taken: Checkpoint | undefined } | { notTaken: string }

/** The Comlink interface of an actor worker. */
export interface ActorWorkerApi {
  /**
   * Reads and hashes a module, in a worker that does nothing else. It keeps the bytes.
   * @param progress Gets the number of bytes read so far, now and then.
   * @throws {GliaError} ERR_BAD_MODULE
   */
  read(source: Blob, copy: boolean, progress: MessagePort): Promise<HashedBytes>
  /** Compiles the bytes that were read. @throws {GliaError} ERR_BAD_MODULE */
  compile(maxMemoryBytes: number, allowStart: boolean): Promise<InspectedModule>
  /** Called once, first: says how bytes travel. */
  connect(channel: Channel): void
  /**
   * Makes a fresh instance and runs its `_initialize`. @returns its memory in bytes, with that of its files under
   * `/tmp`.
   * @param kept The state that the instance goes on from; its `_initialize` does not run then.
   * @throws {GliaError} ERR_START if the module refuses; ERR_BAD_SNAPSHOT.
   */
  instantiate(program: Program, kept?: WholeSnapshot): Promise<number>
  /**
   * Between two messages, while no message loop blocks the worker: takes the state of the instance.
   * @returns undefined if nothing has changed.
   * @throws {GliaError} ERR_BAD_REQUEST if there is no instance whose state can be taken.
   */
  checkpoint(extent: Extent): Promise<Checkpoint | undefined>
  /** Runs messages until one of them ends the instance. With rings it blocks the worker. */
  serve(): Promise<ServeEnd | Paused>
  /**
   * Puts files under `/data`, in place of files with the same paths, and removes paths. Not possible while a message
   * loop blocks the worker.
   * @returns how often it has reported changes under `/data` until then.
   */
  putFiles(changes: readonly FileChange[]): number
}

/**
 * Bytes of one reply that the buffered tier passes on. There the guest can neither be held nor told that nobody reads:
 * a guest that floods would fill the page's memory until its deadline.
 */
const MAX_BUFFERED_REPLY_BYTES = 64 * 1024 * 1024

/**
 * Bytes that may be under way over a port before there is credit for more, in each direction of the handled message.
 */
export function windowsOf(tier: 'JSPI' | 'buffered'): { message: number; reply: number } {
  return tier === 'JSPI'
    ? { message: WINDOW_BYTES, reply: WINDOW_BYTES }
    : // The worker holds the message whole, and takes no credit while the guest runs.
      { message: Infinity, reply: MAX_BUFFERED_REPLY_BYTES }
}

/** Whether a message of a worker is {@link Taken}, and not one of Comlink. */
export function isTaken(message: unknown): boolean {
  const given = fields(message)
  return 'taken' in given || 'notTaken' in given
}

/** @throws {GliaError} ERR_INTERNAL: why it was not taken; ERR_BAD_SNAPSHOT. */
export function readTaken(message: unknown): Checkpoint | undefined {
  const { taken, notTaken } = fields(message)
  if (typeof notTaken === 'string') throw new GliaError('ERR_INTERNAL', notTaken)
  return readCheckpoint(taken)
}

/** @throws {TypeError} if the value is no number of bytes or of reports. */
export function readCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`Not a number of what an actor worker has: ${typeof value}`)
}

/** @throws {TypeError} if the value is no end of a message loop. */
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
