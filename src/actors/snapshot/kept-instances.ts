/** What instances have, as files carry it: that of keys, in a snapshot file and in an archive, and that of a process. */
import { GliaError } from '../../glia/errors.ts'
import { readKey } from '../../glia/instance-key.ts'
import { fields } from '../../glia/untrusted.ts'
import { type FileEntry, readFilesChanged } from '../files/files-api.ts'
import { globalsIn, globalsOut } from './cbor-file.ts'
import { checkedSnapshot } from './checked-snapshot.ts'
import type { WholeSnapshot } from './snapshot.ts'

/** Most keys of one process: as many as a policy can allow. */
const MAX_INSTANCES = 1_000_000
const MAX_WHY = 1000

/** What a process, or the instance of a key, has. */
export interface KeptContent {
  /** What is under `/data`. */
  files: readonly FileEntry[]
  /** What it had in memory; undefined if that was not kept. */
  memory: WholeSnapshot | undefined
}

/** The instance of a key. */
export interface KeptInstance extends KeptContent {
  record: {
    key: string
    /** ms since the epoch. */
    createdAt: number
    /** Why it is dead; undefined while it lives. */
    dead?: string | undefined
  }
}

/** The same as a file has it. @param record What is told of it besides. */
export function contentOut({ record, files, memory }: KeptContent & { record: object }): object {
  return {
    // Without fields that are undefined, which the file has no place for.
    record: JSON.parse(JSON.stringify(record)) as unknown,
    files,
    ...(memory && { memory: { packs: memory.packs, snapshot: snapshotOut(memory) } }),
  }
}

/**
 * @param value From a file.
 * @param cid The module of which the memories have to be.
 * @throws {Error} with words that go on after “the file cannot be used because”.
 */
export async function readInstances(value: unknown, cid: string): Promise<KeptInstance[]> {
  if (!Array.isArray(value) || value.length > MAX_INSTANCES) throw new Error('the list of its keys is wrong')
  const read: KeptInstance[] = []
  for (const instance of value) {
    const { record } = fields(instance)
    const { key, createdAt, dead } = fields(record)
    if (!(typeof createdAt === 'number' && createdAt >= 0 && Number.isFinite(createdAt)))
      throw new Error('a key of it does not say when it was made')
    if (dead !== undefined && !(typeof dead === 'string' && dead.length <= MAX_WHY))
      throw new Error('a key of it does not say why it is dead')
    read.push({
      record: { key: readKey(key), createdAt, ...(dead !== undefined && { dead }) },
      // oxlint-disable-next-line no-await-in-loop -- all at once would take as much memory again
      ...(await readContent(instance, cid)),
    })
  }
  if (new Set(read.map((each) => each.record.key)).size === read.length) return read
  throw new Error('it has the same key twice')
}

/** Like {@link readInstances}, of one instance, or of a process. */
export async function readContent(value: unknown, cid: string): Promise<KeptContent> {
  const { files, memory } = fields(value)
  return { files: readFiles(files), memory: memory === undefined ? undefined : await readMemory(memory, cid) }
}

function snapshotOut({ snapshot }: WholeSnapshot): unknown {
  return { ...snapshot, globals: globalsOut(snapshot.globals) }
}

function readFiles(files: unknown): FileEntry[] {
  const { changes } = readFilesChanged({ type: 'changed', changes: files, tooLong: 0 })
  return changes.map((change) => {
    if (change.kind === 'removed') throw new Error('a file of it is wrong')
    // The bytes of the whole file would be kept with those of this one.
    return change.kind === 'file' ? { ...change, bytes: change.bytes.slice() } : change
  })
}

async function readMemory(memory: unknown, cid: string): Promise<WholeSnapshot> {
  const { snapshot, packs: given } = fields(memory)
  if (!Array.isArray(given)) throw new Error('a part of its memory is missing')
  const globals = globalsIn(fields(snapshot)['globals'], (why) => new GliaError('ERR_BAD_SNAPSHOT', why))
  const whole = await checkedSnapshot({ snapshot: { ...fields(snapshot), globals }, packs: given })
  if (whole.snapshot.cid !== cid) throw new Error('its memory is of another module')
  if (new Set(whole.packs.map(({ id }) => id)).size < whole.packs.length)
    throw new Error('two parts of its memory have the same number')
  // As with files.
  const packs = whole.packs.map(({ id, hashes, bytes }) => ({ id, hashes: hashes.slice(), bytes: bytes.slice() }))
  return { snapshot: whole.snapshot, packs }
}
