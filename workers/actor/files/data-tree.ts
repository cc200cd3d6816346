import {
  type FileChange,
  type FileEntry,
  type FilesChanged,
  type KeptFiles,
  MAX_FILE_PATH,
} from '../../../src/actors/files-api.ts'
import { Directory } from './directory.ts'
import { fill } from './fill.ts'
import { type Inode, Symlink } from './inode.ts'
import { RegularFile } from './regular-file.ts'
import { Volume } from './volume.ts'

/** Shortest time between two reports that `fsync` asks for, in ms: each copies whatever files have changed. */
const SYNC_INTERVAL_MS = 1000

/** What the page knows of a path. */
interface Known {
  inode: Inode
  version: number
}

/** A tree that outlives its instances, and of which the page keeps a copy: `/data`. */
export class DataTree {
  readonly root: Directory
  /** How often the page was told of changes. */
  reports = 0
  readonly #volume: Volume
  readonly #port: MessagePort | undefined
  #known = new Map<string, Known>()
  #knownVersion = 0
  #syncedAt = -Infinity

  /** @param kept Left out: it is lost with the worker. */
  constructor(maxBytes: number, kept?: KeptFiles) {
    this.#volume = new Volume(() => this.#sync())
    this.root = new Directory(this.#volume)
    this.root.linked()
    this.#port = kept?.port
    fill(this.root, kept?.entries ?? [])
    this.#volume.bound(maxBytes)
    this.#known = knownOf(this.root)
    this.#knownVersion = this.#volume.version
  }

  /** Tells the page what has changed, if anything has. */
  report(): void {
    if (this.#volume.version === this.#knownVersion || !this.#port) return
    const known = knownOf(this.root)
    const changes = [...changesBetween(this.#known, known)]
    this.#known = known
    this.#knownVersion = this.#volume.version
    if (changes.length === 0) return
    this.reports += 1
    const message: FilesChanged = { type: 'changed', changes }
    this.#port.postMessage(
      message,
      changes.flatMap((change) => (change.kind === 'file' ? [change.bytes.buffer] : [])),
    )
  }

  #sync(): void {
    const now = performance.now()
    if (now - this.#syncedAt < SYNC_INTERVAL_MS) return
    this.#syncedAt = now
    this.report()
  }
}

/** All paths below a directory that are short enough, those above before those below. */
function knownOf(root: Directory): Map<string, Known> {
  const known = new Map<string, Known>()
  const add = (directory: Directory, prefix: string): void => {
    for (const [name, inode] of directory.children()) {
      if (prefix.length + name.length > MAX_FILE_PATH) continue
      known.set(prefix + name, { inode, version: inode.version })
      if (inode instanceof Directory) add(inode, `${prefix}${name}/`)
    }
  }
  add(root, '')
  return known
}

function* changesBetween(before: ReadonlyMap<string, Known>, after: ReadonlyMap<string, Known>): Iterable<FileChange> {
  for (const path of before.keys()) if (!after.has(path)) yield { path, kind: 'removed' }
  for (const [path, { inode, version }] of after) {
    const old = before.get(path)
    // That names were added to a directory is told by those names.
    const isSame = old?.inode === inode && (old.version === version || inode instanceof Directory)
    const entry = isSame ? undefined : entryOf(path, inode)
    if (entry) yield entry
  }
}

function entryOf(path: string, inode: Inode): FileEntry | undefined {
  if (inode instanceof RegularFile) return { path, kind: 'file', bytes: inode.content }
  if (inode instanceof Symlink) return { path, kind: 'link', target: inode.target }
  return inode instanceof Directory ? { path, kind: 'directory' } : undefined
}
