/** The state of an instance between two messages: what the worker takes, the store keeps, and a file carries. */
import { GliaError } from '../../glia/errors.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import type { MutableGlobal } from '../module/module-state.ts'

/**
 * Unit in which memory and files are compared, hashed and stored, in bytes. Smaller units make a change cheaper to
 * store and all units dearer to hash: each hash costs a task of the browser.
 */
export const UNIT_BYTES = 16_384
/** SHA-256. */
export const HASH_BYTES = 32

/** Version of the form of {@link Snapshot}. */
export const SNAPSHOT_VERSION = 1

export type GlobalValue = MutableGlobal & { value: number | bigint }

/** Hashes of successive units, in one array. A hash of zeros stands for a unit of zeros, which is not stored. */
export type UnitHashes = Uint8Array<ArrayBuffer>

/** A file, directory or link of an instance. Times are in ns since 1970. */
export type FileNode = { accessed: bigint; modified: bigint } & (
  | { kind: 'directory'; entries: readonly (readonly [name: string, node: number])[] }
  | { kind: 'file'; bytes: number; units: UnitHashes }
  | { kind: 'link'; target: string }
  /** What every instance finds at this path: `/data`, `/ww`, read-only files. */
  | { kind: 'given'; path: string }
)

/** Something that the guest has open. */
export interface OpenDescriptor {
  fd: number
  /** A node of {@link Snapshot.files}; a path under `/data`; null: it cannot be opened again. */
  at: number | string | null
  offset: number
  flags: number
  rights: number
  inheriting: number
  preopenName?: string | undefined
}

export interface Snapshot {
  version: typeof SNAPSHOT_VERSION
  /** The module. The state fits no other. */
  cid: string
  /** Messages whose effects are in it, since the process began with an empty memory. */
  messages: number
  memoryBytes: number
  memory: UnitHashes
  globals: readonly GlobalValue[]
  /** When it was taken: ms since 1970, and the guest's monotonic clock in ns. */
  clock: { realtimeMs: number; monotonicNs: bigint }
  /** The first is `/`. None if the guest has no files. */
  files: readonly FileNode[]
  descriptors: readonly OpenDescriptor[]
}

/**
 * What a worker takes of the state: what has changed since the checkpoint before, all of it, or all of it in the packs
 * that the store has.
 */
export type Extent = 'changes' | 'all' | 'stored'

/** Units that were stored together. */
export interface Pack {
  /** Unique in its process. */
  id: number
  hashes: UnitHashes
  /** The units, one after the other. */
  bytes: Uint8Array<ArrayBuffer>
  /** Further units that the store has of it, which nothing needs any more. Left out: none. */
  unused?: number
}

/** A snapshot with all of its units. */
export interface WholeSnapshot {
  snapshot: Snapshot
  packs: readonly Pack[]
}

/** What has changed since the checkpoint before. */
export interface Checkpoint {
  snapshot: Snapshot
  /** New units. */
  packs: readonly Pack[]
  /** Packs of which nothing is needed any more; 'all': every pack before this one. */
  dropped: readonly number[] | 'all'
}

/** What a worker gave. Only its packs are read here; the rest goes to the store. @throws {GliaError} ERR_BAD_SNAPSHOT */
export function readCheckpoint(value: unknown): Checkpoint | undefined {
  if (value === undefined) return undefined
  const { snapshot, packs, dropped } = fields(value)
  const isDropped = dropped === 'all' || (Array.isArray(dropped) && dropped.every(Number.isSafeInteger))
  if (!isDropped || !Array.isArray(packs)) throw bad('it does not say what it replaces')
  return { snapshot: snapshot as Snapshot, packs: packs.map(readPack), dropped: dropped as Checkpoint['dropped'] }
}

/**
 * The memory of a snapshot, to be given to another thread. The page gives on what it was given, because each byte that it
 * copies takes time of its only thread. What is a part of a larger buffer, as a store may give it, is copied all the same.
 */
export function buffersOf({ snapshot, packs }: WholeSnapshot): ArrayBuffer[] {
  const units = snapshot.files.flatMap((node) => (node.kind === 'file' ? [node.units] : []))
  return [snapshot.memory, ...units, ...packs.flatMap(({ hashes, bytes }) => [hashes, bytes])]
    .filter(({ buffer, byteLength }) => byteLength === buffer.byteLength)
    .map(({ buffer }) => buffer)
}

/** @throws {GliaError} ERR_BAD_SNAPSHOT */
export function readPack(value: unknown): Pack {
  const { id, hashes, bytes, unused = 0 } = fields(value)
  const isWhole = isBytes(hashes) && isBytes(bytes) && bytes.length * HASH_BYTES === hashes.length * UNIT_BYTES
  if (isWhole && isCount(id) && id > 0 && isCount(unused)) return { id, hashes, bytes, ...(unused > 0 && { unused }) }
  throw bad('a part of it is cut off')
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** A hash as the key of a map. */
export function hashKey(hashes: Uint8Array, unit: number): string {
  return String.fromCharCode(...hashes.subarray(unit * HASH_BYTES, (unit + 1) * HASH_BYTES))
}

/** The key of a unit of zeros. */
export const ZERO_KEY = '\0'.repeat(HASH_BYTES)

export function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_SNAPSHOT', `The snapshot cannot be used: ${why}.`, { cause })
}
