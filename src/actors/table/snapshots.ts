import { GliaError } from '../../glia/errors.ts'
import type { PartedFiles } from '../files/parted-files.ts'
import { entriesOfTar, tarOf } from '../files/tar.ts'
import type { KeptInstance } from '../snapshot/kept-instances.ts'
import { bad, type WholeSnapshot } from '../snapshot/snapshot.ts'
import { decodeSnapshotFile, encodeKeyedFile, encodeSnapshotFile } from '../snapshot/snapshot-file.ts'
import { takeKeys } from './kept-keys.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { SpawnOptions } from './spawn-options.ts'

// Snapshot files of processes. Loaded when somebody makes or takes one.

/** How a process is made that goes on from a snapshot. */
export interface FromSnapshot {
  module: Uint8Array<ArrayBuffer>
  options: SpawnOptions
  from: {
    parted: PartedFiles
    /** Undefined: it is the file of a process with keys. */
    whole: WholeSnapshot | undefined
    /** Its keys; undefined: it has none. */
    instances: readonly KeptInstance[] | undefined
  }
}

/**
 * Reads a snapshot file.
 * @param given What is to be other than it was for the process in the file.
 * @throws {GliaError} ERR_BAD_SNAPSHOT; ERR_BAD_REQUEST if other files are given.
 */
export async function fromSnapshot(file: Blob, given: SpawnOptions): Promise<FromSnapshot> {
  if (given.files !== undefined) {
    throw new GliaError('ERR_BAD_REQUEST', 'spawn, files: a snapshot has its own files. Give others with importFiles.')
  }
  const decoded = await decodeSnapshotFile(file)
  const { module, name, args, env, tty } = decoded
  const others = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const mounts = new Map(decoded.mounts.map(({ path, bytes }) => [`/${path}`, bytes]))
  const options = { name, args, env, tty, ...others }
  if ('whole' in decoded) {
    const { whole, data } = decoded
    await checkData(data)
    return { module, options, from: { parted: { files: data, mounts }, whole, instances: undefined } }
  }
  const { instances } = decoded
  const parted = { files: undefined, mounts }
  return { module, options: { ...options, key: true }, from: { parted, whole: undefined, instances } }
}

/** Its files are read again when the process is made, and must fit its policy then. @throws {GliaError} ERR_BAD_SNAPSHOT */
async function checkData(data: Uint8Array): Promise<void> {
  try {
    await entriesOfTar(data)
  } catch (thrown) {
    throw bad('its files are damaged', thrown)
  }
}

/**
 * Makes a snapshot file of a process, between two messages.
 * @param load Gives a content that the store has, by its CID.
 * @param id Of a kept snapshot. Left out: what it has in memory now.
 * @throws {GliaError} ERR_BAD_REQUEST if it has nothing in memory; ERR_STORAGE; ERR_PROC_STOPPED; the reason of the
 * signal.
 */
export async function snapshotOf(
  entry: ProcessEntry,
  load: (cid: string) => Promise<Blob>,
  signal?: AbortSignal,
  id?: number,
): Promise<Blob> {
  const made = await madeOf(entry, load)
  let file: Blob | undefined
  const make = async (): Promise<void> => {
    const whole = await entry.memory.whole(id)
    const tar = await tarOf(await entry.files.entries(), Date.now())
    const data = new Uint8Array(await tar.arrayBuffer())
    file = await encodeSnapshotFile({ ...made, whole, data })
  }
  // A dead process has no turns, and nothing changes.
  await (entry.proc.state === 'dead' ? make() : entry.proc.pause(make, signal))
  if (!file) throw new GliaError('ERR_INTERNAL', 'The snapshot was not made.')
  return file
}

/** The same of a process with keys: each key is taken between two of its messages. @throws like {@link takeKeys} */
export async function keyedFileOf(
  entry: ProcessEntry,
  keys: KeyedEntries,
  load: (cid: string) => Promise<Blob>,
  signal?: AbortSignal,
): Promise<Blob> {
  const made = await madeOf(entry, load)
  return encodeKeyedFile({ ...made, instances: await takeKeys(made.name, keys, signal) })
}

/** How a process was made. */
async function madeOf({ record, mounts: here }: ProcessEntry, load: (cid: string) => Promise<Blob>) {
  const { name, args, env, tty = false, cid, mounts = [] } = record
  const bytesOf = async (each: string): Promise<Uint8Array<ArrayBuffer>> => {
    const blob = here.get(each) ?? (await load(each))
    return new Uint8Array(await blob.arrayBuffer())
  }
  const given = mounts.map(async (mount) => ({ path: mount.path, bytes: await bytesOf(mount.cid) }))
  return { name, args, env, tty, module: await bytesOf(cid), mounts: await Promise.all(given) }
}
