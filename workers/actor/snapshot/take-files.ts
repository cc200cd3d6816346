import type { FileNode, OpenDescriptor } from '../../../src/actors/snapshot/snapshot.ts'
import { Directory, MountPoint } from '../files/directory.ts'
import { DirectoryDescriptor, FileDescriptor } from '../files/file-descriptor.ts'
import { type Inode, Symlink } from '../files/inode.ts'
import { RegularFile } from '../files/regular-file.ts'
import type { Descriptor } from '../wasi/descriptor.ts'
import { StdioDescriptor } from '../wasi/stdio-descriptor.ts'

/** The files of an instance, and what it has open. */
export interface TakenFiles {
  /** Files have no units yet. */
  nodes: FileNode[]
  /** The files among the nodes, by their place. */
  contents: Map<number, RegularFile>
  descriptors: OpenDescriptor[]
}

const NO_UNITS = new Uint8Array()

/**
 * Takes down the tree of an instance's own files, and what is open.
 * @param data The root of `/data`, whose files are kept elsewhere.
 */
export function takeFiles(
  root: Directory | undefined,
  data: Directory,
  open: Iterable<readonly [fd: number, descriptor: Descriptor]>,
): TakenFiles {
  const tree = new Tree(root)
  if (root) tree.add(root, '')
  const descriptors: OpenDescriptor[] = []
  for (const [fd, descriptor] of open) {
    // Each message gets its own standard descriptors.
    if (descriptor instanceof StdioDescriptor) continue
    const { flags, rights, inheriting, preopenName } = descriptor
    const offset = descriptor instanceof FileDescriptor ? descriptor.offset : 0
    const at = placeOf(descriptor, tree, data)
    descriptors.push({ fd, at, offset, flags, rights, inheriting, ...(preopenName !== undefined && { preopenName }) })
  }
  return { nodes: tree.nodes, contents: tree.contents, descriptors }
}

function placeOf(descriptor: Descriptor, tree: Tree, data: Directory): OpenDescriptor['at'] {
  if (!(descriptor instanceof FileDescriptor) && !(descriptor instanceof DirectoryDescriptor)) return null
  const { inode } = descriptor
  if (inode.volume === data.volume) return pathBelow(data, inode) ?? null
  const known = tree.find(inode)
  // A file that has no name any more lives as long as it is open.
  return known ?? (tree.isOwn(inode) ? tree.add(inode, '') : null)
}

class Tree {
  readonly nodes: FileNode[] = []
  readonly contents = new Map<number, RegularFile>()
  readonly #root: Directory | undefined
  readonly #places = new Map<Inode, number>()

  constructor(root: Directory | undefined) {
    this.#root = root
  }

  find(inode: Inode): number | undefined {
    return this.#places.get(inode)
  }

  isOwn(inode: Inode): boolean {
    return inode.volume === this.#root?.volume
  }

  /** @param path Below `/`. @returns its place among the nodes. */
  add(inode: Inode, path: string): number {
    const known = this.#places.get(inode)
    if (known !== undefined) return known
    const place = this.nodes.length
    this.#places.set(inode, place)
    const { accessed, modified } = inode.stat()
    const times = { accessed, modified }
    if (!this.isOwn(inode) || inode instanceof MountPoint) this.nodes.push({ ...times, kind: 'given', path })
    else if (inode instanceof Symlink) this.nodes.push({ ...times, kind: 'link', target: inode.target })
    else if (inode instanceof RegularFile) {
      this.contents.set(place, inode)
      this.nodes.push({ ...times, kind: 'file', bytes: inode.size, units: NO_UNITS })
    } else if (inode instanceof Directory) {
      const entries: [string, number][] = []
      this.nodes.push({ ...times, kind: 'directory', entries })
      for (const [name, child] of inode.children())
        entries.push([name, this.add(child, path ? `${path}/${name}` : name)])
    }
    return place
  }
}

/** Path of a file below a directory; undefined if it is not there. */
function pathBelow(directory: Directory, wanted: Inode): string | undefined {
  if (directory === wanted) return ''
  for (const [name, inode] of directory.children()) {
    const below = inode instanceof Directory ? pathBelow(inode, wanted) : inode === wanted ? '' : undefined
    if (below !== undefined) return below === '' ? name : `${name}/${below}`
  }
  return undefined
}
