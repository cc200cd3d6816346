import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c, Fields, unpacked } from './leveldb-format.ts'

/** The format of LevelDB's tables: https://github.com/google/leveldb/blob/main/doc/table_format.md */
const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n
const SNAPPY = 1
/** What is added to a checksum, so that nobody takes a block of checksums for data. */
const MASK = 0xa282ead8

/** Where a block begins, and its bytes. Behind it are a byte for how it is packed, and four of its checksum. */
interface Place {
  readonly offset: number
  readonly size: number
}

/** The names of the tables of a LevelDB. While it is open it may be writing one. */
export async function tablesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^\d+\.(ldb|sst)$/.test(name))
}

/**
 * Those tables in which something is not what was written. LevelDB itself compares no checksums when it reads: it takes what
 * is damaged for other bytes, or for nothing. Tables that it has deleted are left out.
 * @throws the signal's reason; the failure of a file that cannot be read
 */
export async function damagedTables(folder: string, tables: readonly string[], signal: AbortSignal): Promise<string[]> {
  const damaged: string[] = []
  for (const name of tables) {
    signal.throwIfAborted()
    // oxlint-disable-next-line no-await-in-loop -- one table in memory at a time
    const bytes = await readFile(join(folder, name)).catch((err: NodeJS.ErrnoException) => {
      if (err.code !== 'ENOENT') throw err
    })
    if (bytes && !isWhole(bytes)) damaged.push(name)
  }
  return damaged
}

/** Whether all blocks of a table have their checksums. */
export function isWhole(table: Buffer): boolean {
  try {
    if (table.readBigUInt64LE(table.length - 8) !== MAGIC) return false
    const footer = new Fields(table.subarray(-FOOTER_BYTES))
    const lists = [placeIn(footer), placeIn(footer)]
    if (!lists.every((list) => isSound(table, list))) return false
    return lists.flatMap((list) => placesIn(table, list)).every((place) => isSound(table, place))
  } catch (err) {
    // It is too short, or points to bytes that are not there.
    if (err instanceof RangeError) return false
    throw err
  }
}

function isSound(table: Buffer, { offset, size }: Place): boolean {
  const end = offset + size + 1
  const sum = crc32c(table.subarray(offset, end))
  return table.readUInt32LE(end) === (((sum >>> 15) | (sum << 17)) + MASK) >>> 0
}

/** Where the blocks of a list are: those with filters, or those with data. */
function placesIn(table: Buffer, { offset, size }: Place): Place[] {
  const packed = table.subarray(offset, offset + size)
  const index = table[offset + size] === SNAPPY ? unpacked(packed) : packed
  const restarts = index.readUInt32LE(index.length - 4)
  const entries = new Fields(index.subarray(0, index.length - 4 * (restarts + 1)))
  const places: Place[] = []
  while (!entries.isDone) {
    entries.number() // how many bytes the key has in common with the one before it
    const keyBytes = entries.number()
    entries.number() // how many bytes the place takes
    entries.bytes(keyBytes)
    places.push(placeIn(entries))
  }
  return places
}

function placeIn(fields: Fields): Place {
  return { offset: fields.number(), size: fields.number() }
}
