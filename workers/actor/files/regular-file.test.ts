import { expect, test } from 'vitest'
import { WasiError } from '../wasi/wasi-error.ts'
import { RegularFile } from './regular-file.ts'
import { Volume } from './volume.ts'

/** A volume that notes how large the file was each time it took room for it: so much was copied. */
class WatchedVolume extends Volume {
  readonly copied: number[] = []
  file: RegularFile | undefined

  override reserve(bytes: number): void {
    super.reserve(bytes)
    if (this.file) this.copied.push(this.file.size)
  }
}

test('a file that grows by many writes until nothing more fits is copied a few times, not at each', () => {
  const maxBytes = 2 ** 20
  const volume = new WatchedVolume()
  volume.bound(maxBytes)
  const file = new RegularFile(volume)
  volume.file = file
  const part = new Uint8Array(256)
  expect(() => {
    for (;;) file.write(part, file.size)
  }).toThrow(WasiError)
  // An inode takes as much as one part.
  expect(file.size).toBe(maxBytes - part.length)
  expect(volume.copied.length).toBeLessThan(30)
  expect(volume.copied.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(16 * maxBytes)
})
