/** The first bytes of a snapshot file: CBOR's mark of itself, and a text. No module and no archive begins so. */
export const SNAPSHOT_MAGIC: Uint8Array<ArrayBuffer> = Uint8Array.of(0xd9, 0xd9, 0xf7, 0x67, 0x6c, 0x69, 0x61, 0x3a)

/** Whether a file begins like a snapshot. One that cannot be read does not: whoever reads it as a module says why. */
export async function isSnapshotFile(file: Blob): Promise<boolean> {
  if (file.size < SNAPSHOT_MAGIC.length) return false
  try {
    const start = new Uint8Array(await file.slice(0, SNAPSHOT_MAGIC.length).arrayBuffer())
    return SNAPSHOT_MAGIC.every((byte, i) => start[i] === byte)
  } catch {
    return false
  }
}
