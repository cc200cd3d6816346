import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'

/** Multicodec of bytes that are just bytes. */
const RAW = 0x55
const SHA2_256 = 0x12

/** Content id of a module: CIDv1, raw, sha2-256, in base32 (`bafkrei…`): what `ipfs add --raw-leaves` gives small files. */
export async function cidOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return CID.createV1(RAW, digest.create(SHA2_256, hash)).toString()
}
