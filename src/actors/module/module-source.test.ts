import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { readFile } from './module-source.ts'

/** A browser's file that is read in parts, and that records when its reader releases it. */
class PartedFile extends Blob {
  isCancelled = false

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel: () => {
        this.isCancelled = true
      },
    })
  }
}

test('giving it up lets go of the file', async () => {
  const bytes = new Uint8Array(1024 * 1024)
  bytes.set([0, 0x61, 0x73, 0x6d])
  const file = new PartedFile([bytes])
  const aborter = new AbortController()
  const onProgress = (): void => aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(readFile(file, { signal: aborter.signal, onProgress })).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  expect(file.isCancelled).toBe(true)
})
