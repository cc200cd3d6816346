import { GliaError } from '../../glia/errors.ts'
import type { PartedFiles } from '../files/parted-files.ts'
import { tarOf } from '../files/tar.ts'
import type { WholeSnapshot } from '../snapshot/snapshot.ts'
import { decodeSnapshotFile, encodeSnapshotFile } from '../snapshot/snapshot-file.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { SpawnOptions } from './spawn-options.ts'

// Snapshot files of processes. Loaded when somebody makes or takes one.

/** How a process is made that goes on from a snapshot. */
export interface FromSnapshot {
  module: Uint8Array<ArrayBuffer>
  options: SpawnOptions
  from: { whole: WholeSnapshot; parted: PartedFiles }
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
  const { whole, module, data, mounts, ...made } = await decodeSnapshotFile(file)
  const others = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const parted = { files: data, mounts: new Map(mounts.map(({ path, bytes }) => [`/${path}`, bytes])) }
  return { module, options: { ...made, ...others }, from: { whole, parted } }
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
  const { name, args, env, tty = false, cid, mounts = [] } = entry.record
  const bytesOf = async (each: string): Promise<Uint8Array<ArrayBuffer>> => {
    const blob = entry.mounts.get(each) ?? (await load(each))
    return new Uint8Array(await blob.arrayBuffer())
  }
  const module = await bytesOf(cid)
  const given = await Promise.all(mounts.map(async (mount) => ({ path: mount.path, bytes: await bytesOf(mount.cid) })))
  let file: Blob | undefined
  const make = async (): Promise<void> => {
    const whole = await entry.memory.whole(id)
    const tar = await tarOf(await entry.files.entries(), Date.now())
    const data = new Uint8Array(await tar.arrayBuffer())
    file = encodeSnapshotFile({ whole, module, name, args, env, tty, data, mounts: given })
  }
  // A dead process has no turns, and nothing changes.
  await (entry.proc.state === 'dead' ? make() : entry.proc.pause(make, signal))
  if (!file) throw new GliaError('ERR_INTERNAL', 'The snapshot was not made.')
  return file
}
