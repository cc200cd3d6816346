import {
  bad,
  type FileNode,
  type OpenDescriptor,
  UNIT_BYTES,
  type UnitHashes,
} from '../../../src/actors/snapshot/snapshot.ts'
import { Directory, MountPoint } from '../files/directory.ts'
import { DirectoryDescriptor, FileDescriptor } from '../files/file-descriptor.ts'
import { type Inode, Symlink } from '../files/inode.ts'
import { RegularFile } from '../files/regular-file.ts'
import { Volume } from '../files/volume.ts'
import type { Descriptor } from '../wasi/descriptor.ts'
import { GoneDescriptor } from './gone-descriptor.ts'

/** Gives the units of a file or memory. @throws {GliaError} ERR_BAD_SNAPSHOT if one is missing. */
export type UnitsOf = (hashes: UnitHashes, unit: number) => Uint8Array | undefined

/** The files of an instance that goes on. */
export interface PutFiles {
  root: Directory
  /** By their places among the nodes. */
  inodes: readonly (Inode | undefined)[]
}

/**
 * Makes the `/` of an instance as it was.
 * @param fresh The `/` that a new instance would have. What is given to every instance comes from there.
 * @param maxBytes Largest memory of its own files.
 * @throws {GliaError} ERR_BAD_SNAPSHOT
 */
export function putFiles(fresh: Directory, nodes: readonly FileNode[], unitsOf: UnitsOf, maxBytes: number): PutFiles {
  const total = nodes.reduce((sum, node) => sum + (node.kind === 'file' ? node.bytes : 0), 0)
  if (total > maxBytes) throw bad(`its files outside of /data have ${total} bytes, and its policy allows ${maxBytes}`)
  const given = givenIn(fresh)
  const volume = new Volume()
  const inodes = nodes.map((node) => made(node, volume, given, unitsOf))
  const root = inodes[0]
  if (!(root instanceof Directory)) throw bad('its files have no root')
  root.linked()
  for (const [at, node] of nodes.entries()) {
    const directory = inodes[at]
    if (node.kind !== 'directory' || !(directory instanceof Directory)) continue
    for (const [name, to] of node.entries) {
      const inode = inodes[to]
      // A file that the owner no longer gives.
      if (!inode) continue
      if (inode instanceof Directory && inode.volume !== volume) directory.mount(name, inode)
      else directory.add(name, inode)
    }
  }
  // A right that the process was given since then.
  for (const [name, inode] of fresh.children()) {
    if (inode instanceof MountPoint && !root.get(name)) root.add(name, new MountPoint(volume, inode.mount))
  }
  // Names count as changes of their directory.
  nodes.forEach(({ kind, accessed, modified }, at) => kind !== 'given' && inodes[at]?.setTimes({ accessed, modified }))
  volume.bound(maxBytes)
  return { root, inodes }
}

/** Opens what was open. @throws {GliaError} ERR_BAD_SNAPSHOT */
export function reopened(
  { at, offset, flags, rights, inheriting, preopenName }: OpenDescriptor,
  { inodes }: Pick<PutFiles, 'inodes'>,
  data: Directory,
): Descriptor {
  const inode = typeof at === 'number' ? inodes[at] : typeof at === 'string' ? inodeAt(data, at) : undefined
  const how = { rights, inheriting, flags }
  if (inode instanceof RegularFile) {
    const descriptor = new FileDescriptor(inode, how)
    descriptor.offset = offset
    return descriptor
  }
  if (!(inode instanceof Directory)) return new GoneDescriptor()
  const descriptor = new DirectoryDescriptor(inode, how)
  descriptor.preopenName = preopenName
  return descriptor
}

function made(node: FileNode, volume: Volume, given: ReadonlyMap<string, Inode>, unitsOf: UnitsOf): Inode | undefined {
  if (node.kind === 'directory') return new Directory(volume)
  if (node.kind === 'link') return new Symlink(volume, node.target)
  if (node.kind === 'file') return new RegularFile(volume, contentOf(node, unitsOf))
  const found = given.get(node.path)
  return found instanceof MountPoint ? new MountPoint(volume, found.mount) : found
}

function contentOf({ bytes: length, units }: FileNode & { kind: 'file' }, unitsOf: UnitsOf): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += UNIT_BYTES) {
    const content = unitsOf(units, at / UNIT_BYTES)
    if (content) bytes.set(content.subarray(0, length - at), at)
  }
  return bytes
}

/** What every instance is given, by its path: all that is not in the storage of the tree itself, and mounts. */
function givenIn(root: Directory): Map<string, Inode> {
  const given = new Map<string, Inode>()
  const look = (directory: Directory, prefix: string): void => {
    for (const [name, inode] of directory.children()) {
      const path = prefix + name
      if (inode.volume !== root.volume || inode instanceof MountPoint) given.set(path, inode)
      else if (inode instanceof Directory) look(inode, `${path}/`)
    }
  }
  look(root, '')
  return given
}

function inodeAt(root: Directory, path: string): Inode | undefined {
  let at: Inode | undefined = root
  for (const part of path.split('/')) {
    if (part !== '') at = at instanceof Directory ? at.get(part) : undefined
  }
  return at
}
