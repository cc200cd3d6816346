import { readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'

/** The format of LevelDB's logs: https://github.com/google/leveldb/blob/main/doc/log_format.md */
const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
/** Types of the pieces of a record. Between these are its first piece, and those in the middle. */
const FULL = 1
const LAST = 4

/**
 * Cuts off what a failed write left behind the last whole record of the newest log. A large write may fill the disk with
 * it. Nothing may be written to this log any more.
 */
export async function cutTornRecord(folder: string): Promise<void> {
  const numbers = (await readdir(folder)).flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
  const newest = numbers.sort((a, b) => Number(a) - Number(b)).at(-1)
  if (newest === undefined) return
  const path = join(folder, `${newest}.log`)
  const bytes = await readFile(path)
  const end = endOfWhole(bytes)
  if (end !== undefined && end < bytes.length) await truncate(path, end)
}

/** Where the last whole record ends. Undefined if what follows is something else than a record that was cut off. */
export function endOfWhole(bytes: Buffer): number | undefined {
  let end = 0
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (left < HEADER_BYTES) {
      at += left
      continue
    }
    const length = bytes.readUInt16LE(at + 4)
    const type = bytes.readUInt8(at + 6)
    if (type < FULL || type > LAST || HEADER_BYTES + length > left) return undefined
    at += HEADER_BYTES + length
    if ((type === FULL || type === LAST) && at <= bytes.length) end = at
  }
  return end
}
