import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'
import { sha256 } from './sha256.ts'

/** Multicodec of plain bytes. */
const RAW = 0x55
const SHA2_256 = 0x12

/**
 * Content id of a module: CIDv1, raw, sha2-256, in base32 (`bafkrei…`). `ipfs add --raw-leaves` gives small files the
 * same id.
 */
export async function cidOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return cidOfHash(await sha256(bytes))
}

/** The same for bytes with a known hash. */
export function cidOfHash(hash: Uint8Array): string {
  return CID.createV1(RAW, digest.create(SHA2_256, hash)).toString()
}
