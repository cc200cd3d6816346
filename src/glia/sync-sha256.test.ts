import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { syncSha256 } from './sync-sha256.ts'

test('it is the hash that others make, at every length around a block', () => {
  for (let length = 0; length < 260; length++) {
    const message = Uint8Array.from({ length }, (_, i) => i * 31 + length)
    expect(Buffer.from(syncSha256(message)).toString('hex')).toBe(createHash('sha256').update(message).digest('hex'))
  }
})
