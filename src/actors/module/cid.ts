import { base32 } from 'multiformats/bases/base32'
import { sha256 } from './sha256.ts'

/** CID version 1, the multicodec of plain bytes, and a multihash of sha2-256 with its 32 bytes. */
const PREFIX = [1, 0x55, 0x12, 32]

/**
 * Content id of a module: CIDv1, raw, sha2-256, in base32 (`bafkrei…`). `ipfs add --raw-leaves` gives small files the
 * same id.
 */
export async function cidOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return cidOfHash(await sha256(bytes))
}

/** The same for bytes with a known hash. */
export function cidOfHash(hash: Uint8Array): string {
  return base32.encode(Uint8Array.of(...PREFIX, ...hash))
}
