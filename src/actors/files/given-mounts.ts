import { GliaError } from '../../glia/errors.ts'
import { mib } from '../module/cap-memory.ts'
import { cidOf } from '../module/cid.ts'
import { type FileContent, isContent } from './file-content.ts'
import { givenPath } from './given-path.ts'

/** A read-only file of a process outside of `/data`. Its content is kept once, by its CID. */
export interface MountedFile {
  /** Below `/`, without a slash at its start. */
  readonly path: string
  readonly cid: string
  readonly bytes: number
}

/** Largest memory of all such files of a process, in bytes. Each of its workers has them in memory. */
const MAX_MOUNTED_BYTES = 256 * 1024 * 1024
/** Most such files of a process. */
const MAX_MOUNTED = 10_000
/** Names in `/` that Glia uses itself. */
const TAKEN: ReadonlySet<string> = new Set(['data', 'http', 'tmp', 'ww'])

/**
 * Reads files for absolute paths, and checks everything.
 * @returns the files, and their contents by CID.
 * @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with which file.
 */
export async function readMounts(
  mounts: ReadonlyMap<string, FileContent>,
): Promise<{ mounted: MountedFile[]; blobs: Map<string, Blob> }> {
  if (mounts.size > MAX_MOUNTED) throw bad(`files: at most ${MAX_MOUNTED} can be outside of /data.`)
  const mounted: MountedFile[] = []
  const blobs = new Map<string, Blob>()
  const paths = new Set<string>()
  let total = 0
  for (const [name, content] of mounts) {
    const path = givenPath(name)
    const top = path?.split('/')[0]
    if (path === undefined || top === undefined) throw bad(`files, ${name}: this is a folder.`)
    if (TAKEN.has(top))
      throw bad(`files, ${name}: /${top} is made by Glia. Give another folder, or a path under /data/.`)
    if (!isContent(content)) throw bad(`files, ${name}: give a text, bytes or a file.`)
    if (paths.has(path)) throw bad(`files, /${path}: it is given twice.`)
    paths.add(path)
    const blob =
      content instanceof Blob ? content : new Blob([content instanceof Uint8Array ? content.slice() : content])
    total += blob.size
    if (total > MAX_MOUNTED_BYTES) throw bad(`files: those outside of /data have more than ${mib(MAX_MOUNTED_BYTES)}.`)
    const bytes = await bytesOf(blob, path)
    const cid = await cidOf(bytes)
    mounted.push({ path, cid, bytes: bytes.length })
    // A copy: a file on the disk may change.
    if (!blobs.has(cid)) blobs.set(cid, new Blob([bytes]))
  }
  for (const path of paths) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      if (paths.has(path.slice(0, at))) throw bad(`files, /${path}: /${path.slice(0, at)} is a file.`)
    }
  }
  return { mounted, blobs }
}

async function bytesOf(blob: Blob, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (cause) {
    throw new GliaError('ERR_BAD_REQUEST', `files, /${path}: it could not be read.`, { cause })
  }
}

function bad(message: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `spawn, ${message}`)
}
