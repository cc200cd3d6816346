import { fields, isBytes } from '../../glia/untrusted.ts'
import { isFilePath, MAX_FILE_PATH } from '../files/files-api.ts'
import { PAGE_BYTES } from '../module/cap-memory.ts'
import {
  bad,
  type FileNode,
  type GlobalValue,
  HASH_BYTES,
  type OpenDescriptor,
  type Snapshot,
  SNAPSHOT_VERSION,
  UNIT_BYTES,
  type UnitHashes,
} from './snapshot.ts'

const MAX_MEMORY_BYTES = 2 ** 32
/** Most files and directories of a snapshot, most descriptors, and most names of a directory. */
const MAX_ENTRIES = 1_000_000
const MAX_NAME = 255

/**
 * A snapshot from a file. Everything in it may be wrong.
 * @throws {GliaError} ERR_BAD_SNAPSHOT that says what is wrong with it.
 */
export function readSnapshot(value: unknown): Snapshot {
  const { version, cid, messages, memoryBytes, memory, globals, clock, files, descriptors } = fields(value)
  if (version !== SNAPSHOT_VERSION)
    throw bad(`it is of version ${shown(version)}, and this version of Glia reads version ${SNAPSHOT_VERSION}`)
  if (typeof cid !== 'string' || cid.length > MAX_NAME) throw bad('it does not name its module')
  if (!isCount(memoryBytes, MAX_MEMORY_BYTES) || memoryBytes % PAGE_BYTES !== 0) throw bad('its memory has no size')
  if (!isCount(messages, Number.MAX_SAFE_INTEGER)) throw bad('it does not say which messages are in it')
  const { realtimeMs, monotonicNs } = fields(clock)
  if (!isCount(realtimeMs, Number.MAX_SAFE_INTEGER)) throw bad('its clock is wrong')
  const nodes = list(files, MAX_ENTRIES, 'files', readNode)
  checkTree(nodes)
  return {
    version,
    cid,
    messages,
    memoryBytes,
    memory: readUnits(memory, memoryBytes),
    globals: list(globals, MAX_ENTRIES, 'globals', readGlobal),
    clock: { realtimeMs, monotonicNs: readTime(monotonicNs) },
    files: nodes,
    descriptors: list(descriptors, MAX_ENTRIES, 'descriptors', (one) => readDescriptor(one, nodes)),
  }
}

function readUnits(value: unknown, bytes: number): UnitHashes {
  if (isBytes(value) && value.length === Math.ceil(bytes / UNIT_BYTES) * HASH_BYTES) return value
  throw bad('the list of its parts does not fit its size')
}

function readGlobal(value: unknown): GlobalValue {
  const { index, type, value: number } = fields(value)
  if (isCount(index, MAX_ENTRIES)) {
    if (type === 'i64' && typeof number === 'bigint') return { index, type, value: number }
    if ((type === 'i32' || type === 'f32' || type === 'f64') && typeof number === 'number') {
      return { index, type, value: number }
    }
  }
  throw bad('a variable of it has no value')
}

function readNode(value: unknown): FileNode {
  const { kind, accessed, modified, entries, bytes, units, target, path } = fields(value)
  const times = { accessed: readTime(accessed), modified: readTime(modified) }
  if (kind === 'directory') return { ...times, kind, entries: list(entries, MAX_ENTRIES, 'names', readEntry) }
  if (kind === 'file' && isCount(bytes, MAX_MEMORY_BYTES))
    return { ...times, kind, bytes, units: readUnits(units, bytes) }
  if (kind === 'link' && typeof target === 'string' && target.length <= MAX_FILE_PATH) return { ...times, kind, target }
  if (kind === 'given' && isFilePath(path)) return { ...times, kind, path }
  throw bad('a file of it is of no known kind')
}

function readEntry(value: unknown): readonly [string, number] {
  const [name, node] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof name === 'string' && isFilePath(name) && !name.includes('/') && name.length <= MAX_NAME) {
    if (isCount(node, MAX_ENTRIES)) return [name, node]
  }
  throw bad('a file of it has no name')
}

/** A directory has one name, and comes before what is in it; so none is in itself. A file may have several names. */
function checkTree(nodes: readonly FileNode[]): void {
  if (nodes.length > 0 && nodes[0]?.kind !== 'directory') throw bad('its files have no root')
  const named = new Set<number>()
  for (const [from, node] of nodes.entries()) {
    for (const [, to] of node.kind === 'directory' ? node.entries : []) {
      const target = nodes[to]
      if (!target || to === 0) throw bad('a name in its files leads nowhere')
      if (target.kind !== 'directory' && target.kind !== 'given') continue
      if (to <= from || named.has(to)) throw bad('a directory of it is not in one place')
      named.add(to)
    }
  }
}

function readDescriptor(value: unknown, nodes: readonly FileNode[]): OpenDescriptor {
  const { fd, at, offset, flags, rights, inheriting, preopenName } = fields(value)
  const isNode =
    isCount(at, nodes.length - 1) &&
    (nodes[at]?.kind === 'file' || nodes[at]?.kind === 'directory' || nodes[at]?.kind === 'given')
  const isPlace = at === null || isNode || at === '' || isFilePath(at)
  const isName = preopenName === undefined || (typeof preopenName === 'string' && preopenName.length <= MAX_FILE_PATH)
  const numbers = [offset, flags, rights, inheriting].every((one) => isCount(one, Number.MAX_SAFE_INTEGER))
  if (!isCount(fd, MAX_ENTRIES) || !isPlace || !isName || !numbers) throw bad('an open file of it is wrong')
  return {
    fd,
    at,
    offset: Number(offset),
    flags: Number(flags),
    rights: Number(rights),
    inheriting: Number(inheriting),
    ...(preopenName !== undefined && { preopenName }),
  }
}

function readTime(value: unknown): bigint {
  // A binary format may write a small number as a number.
  const time = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof time === 'bigint' && time >= 0n && time < 2n ** 63n) return time
  throw bad('a time of it is wrong')
}

function list<T>(value: unknown, most: number, what: string, read: (one: unknown) => T): T[] {
  if (!Array.isArray(value)) throw bad(`it has no ${what}`)
  if (value.length > most) throw bad(`it has more than ${most} ${what}`)
  return value.map(read)
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'no number'
}
