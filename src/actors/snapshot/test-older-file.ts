import { HASH_ENTRY_BYTES } from './cbor-file.ts'

/**
 * For tests: a file as older versions of Glia wrote it, without a hash of all of it. Damage in it reaches the checks of its
 * parts.
 * @param magicBytes Length of the bytes that say what it is.
 */
export async function olderFile(file: Blob, magicBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await file.arrayBuffer()).slice(0, -HASH_ENTRY_BYTES)
  // One entry less.
  bytes[magicBytes] = Number(bytes[magicBytes]) - 1
  return bytes
}
