import { wasi } from '@bjorn3/browser_wasi_shim'
import {
  type FileChange,
  type FileEntry,
  type FilesChanged,
  type KeptFiles,
  MAX_FILE_PATH,
} from '../../../src/actors/files/files-api.ts'
import type { Later } from '../wasi/descriptor.ts'
import { andThen } from '../wasi/later.ts'
import { WasiError } from '../wasi/wasi-error.ts'
import { type Barrier, barrierOf } from './barrier.ts'
import { Directory } from './directory.ts'
import { fill } from './fill.ts'
import { type Inode, Symlink } from './inode.ts'
import { RegularFile } from './regular-file.ts'
import { Volume } from './volume.ts'

/** Shortest time between two reports for `fsync`, in ms. Each report copies all changed files. */
const SYNC_INTERVAL_MS = 1000

/** What the page knows about a path. */
interface Known {
  inode: Inode
  version: number
}

/** The paths of a tree. */
interface Paths {
  /** Reported entries, parents before children. */
  known: Map<string, Known>
  /** Entries that cannot be reported, because their paths are too long. */
  tooLong: Set<Inode>
  /** Length of all reported paths, in UTF-16 units. */
  units: number
}

/** A tree that outlives its instances, and of which the page has a copy: `/data`. */
export class DataTree {
  readonly root: Directory
  /** Number of reports to the page. */
  reports = 0
  readonly #volume: Volume
  readonly #port: MessagePort | undefined
  readonly #maxBytes: number
  readonly #maxUnits: number
  #paths: Paths
  #knownVersion = 0
  #syncedAt = -Infinity
  readonly #barrier: Barrier | undefined
  #lastSync = 0
  /**
   * Whether the process has started. Before that the page takes nothing, so `fsync` waits for nothing; the first
   * message waits until everything from the start is stored.
   */
  isServing = false

  /** @param kept Left out: the tree is lost with the worker. */
  constructor(maxBytes: number, kept?: KeptFiles) {
    this.#barrier = kept && barrierOf(kept)
    this.#volume = new Volume(() => this.#sync(), this.#barrier)
    this.root = new Directory(this.#volume)
    this.root.linked()
    this.#port = kept?.port
    this.#maxBytes = maxBytes
    fill(this.root, kept?.entries ?? [])
    this.#volume.bound(maxBytes)
    this.#paths = pathsOf(this.root, Infinity)
    // A short name deep down costs the tree little, and the page's copy a long path.
    this.#maxUnits = Math.max(maxBytes, this.#paths.units)
    this.#knownVersion = this.#volume.version
  }

  /**
   * Between two messages: makes changes there. Entries replace those with the same paths. The page knows the changes,
   * and knows that there is room. Unreported changes of the guest are reported first.
   */
  put(changes: readonly FileChange[]): void {
    this.report()
    this.#volume.bound(Infinity)
    fill(this.root, changes)
    this.#volume.bound(this.#maxBytes)
    this.#paths = pathsOf(this.root, this.#maxUnits)
    this.#knownVersion = this.#volume.version
  }

  /** Tells the page what has changed, if anything has. */
  report(): void {
    if (this.#volume.version !== this.#knownVersion) this.#tell()
  }

  /** @param sync Set: the page is to answer, also if nothing has changed. */
  #tell(sync?: number): void {
    if (!this.#port) return
    const paths = pathsOf(this.root, this.#maxUnits)
    const contents = new Contents()
    const changes = [...changesBetween(this.#paths.known, paths.known, contents)]
    const tooLong = [...paths.tooLong].filter((inode) => !this.#paths.tooLong.has(inode)).length
    if (changes.length > 0 || tooLong > 0 || sync !== undefined) {
      const message: FilesChanged = { type: 'changed', changes, tooLong, ...(sync !== undefined && { sync }) }
      this.#port.postMessage(message, contents.buffers)
      // The page waits for as many as are counted.
      this.reports += 1
    }
    this.#paths = paths
    this.#knownVersion = this.#volume.version
  }

  #sync(): Later<void> {
    if (this.#barrier && this.isServing) return this.#syncDurably(this.#barrier)
    const now = performance.now()
    if (now - this.#syncedAt < SYNC_INTERVAL_MS) return
    this.#syncedAt = now
    this.report()
  }

  #syncDurably(barrier: Barrier): Later<void> {
    barrier.check()
    const sync = ++this.#lastSync
    this.#tell(sync)
    return andThen(barrier.wait(sync), (ok) => {
      if (!ok || this.#paths.tooLong.size > 0) throw new WasiError(wasi.ERRNO_IO)
    })
  }
}

/** Copies of what files hold, for one report. A file is copied once, however many names it has. */
class Contents {
  readonly #copies = new Map<RegularFile, Uint8Array<ArrayBuffer>>()

  get buffers(): ArrayBuffer[] {
    return [...this.#copies.values()].map(({ buffer }) => buffer)
  }

  of(file: RegularFile): Uint8Array<ArrayBuffer> {
    const copy = this.#copies.get(file) ?? file.content
    this.#copies.set(file, copy)
    return copy
  }
}

/** @param maxUnits Longest that all known paths may be together, in UTF-16 units. */
function pathsOf(root: Directory, maxUnits: number): Paths {
  const paths: Paths = { known: new Map(), tooLong: new Set(), units: 0 }
  const add = (directory: Directory, prefix: string): void => {
    for (const [name, inode] of directory.children()) {
      const units = prefix.length + name.length
      if (units > MAX_FILE_PATH || paths.units + units > maxUnits) {
        paths.tooLong.add(inode)
        continue
      }
      paths.units += units
      paths.known.set(prefix + name, { inode, version: inode.version })
      if (inode instanceof Directory) add(inode, `${prefix}${name}/`)
    }
  }
  add(root, '')
  return paths
}

function* changesBetween(
  before: ReadonlyMap<string, Known>,
  after: ReadonlyMap<string, Known>,
  contents: Contents,
): Iterable<FileChange> {
  for (const path of before.keys()) if (!after.has(path)) yield { path, kind: 'removed' }
  for (const [path, { inode, version }] of after) {
    const old = before.get(path)
    // That names were added to a directory is told by those names.
    const isSame = old?.inode === inode && (old.version === version || inode instanceof Directory)
    const entry = isSame ? undefined : entryOf(path, inode, contents)
    if (entry) yield entry
  }
}

function entryOf(path: string, inode: Inode, contents: Contents): FileEntry | undefined {
  if (inode instanceof RegularFile) return { path, kind: 'file', bytes: contents.of(inode) }
  if (inode instanceof Symlink) return { path, kind: 'link', target: inode.target }
  return inode instanceof Directory ? { path, kind: 'directory' } : undefined
}
