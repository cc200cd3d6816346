import { base58btc } from 'multiformats/bases/base58'
import { expect, test } from 'vitest'
import { isPeerId } from './peer-id.ts'
import { OTHER, SELF } from './test-peer.ts'

const multihash = (code: number, length: number, bytes = length): string =>
  base58btc.baseEncode(Uint8Array.from([code, length, ...new Uint8Array(bytes).fill(0xa5)]))

test.each([
  ['an Ed25519 key', SELF],
  ['the hash of an RSA key', OTHER],
  ['a secp256k1 key', '16Uiu2HAkw6CrgUzqNgSkB6FDmNrSuxr5vw8GVx8jTuyJU1Cbgnnv'],
])('the peer id of %s is one', (_, id) => {
  expect(isPeerId(id)).toBe(true)
})

test.each([
  ['nothing', ''],
  ['an alias', 'self'],
  ['a letter outside base58', SELF.replace('K', '0')],
  ['one that is cut off', SELF.slice(0, -1)],
  ['one with a letter too many', `${SELF}a`],
  ['the CID form', 'bafzaajaiaejcbzdibmxyzdjbbehgvizh6g5tikvy47mshkgysrp7vzjzfvlkrpxc'],
  ['a sha2-256 of 31 bytes', multihash(0x12, 31)],
  ['a length that is not that of the rest', multihash(0x12, 32, 31)],
  ['a sha2-512', multihash(0x13, 32)],
  ['an inlined key of 43 bytes', multihash(0x00, 43)],
  ['an inlined key of none', multihash(0x00, 0, 0).padStart(8, '1')],
  ['a kilobyte', 'Q'.repeat(1024)],
])('%s is no peer id', (_, id) => {
  expect(isPeerId(id)).toBe(false)
})
