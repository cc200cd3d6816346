import type { DirEntry } from './descriptor.ts'

/** Size of `dirent`. The name follows it. */
const DIRENT_BYTES = 24

/**
 * Writes a directory's entries one behind the other. The last one is cut off where the room ends: a full buffer tells
 * the guest that there is more.
 * @param after Cookie of the last entry that the guest has; 0 for none.
 * @returns the used bytes.
 */
export function writeEntries(target: Uint8Array, entries: Iterable<DirEntry>, after: number): number {
  const encoder = new TextEncoder()
  let used = 0
  for (const { name, ino, filetype, cookie } of entries) {
    if (cookie <= after) continue
    if (used === target.length) break
    const encoded = encoder.encode(name)
    const record = new Uint8Array(DIRENT_BYTES + encoded.length)
    const view = new DataView(record.buffer)
    view.setBigUint64(0, BigInt(cookie), true)
    view.setBigUint64(8, ino, true)
    view.setUint32(16, encoded.length, true)
    view.setUint8(20, filetype)
    record.set(encoded, DIRENT_BYTES)
    const part = record.subarray(0, target.length - used)
    target.set(part, used)
    used += part.length
  }
  return used
}
