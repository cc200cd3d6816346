import { describe, expect, test } from 'vitest'
import { cidOf } from '../module/cid.ts'
import { readGivenFiles } from './given-files.ts'
import { readMounts } from './given-mounts.ts'
import { partGivenFiles } from './parted-files.ts'

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

test('contents by absolute paths are mounts, all else goes under /data', () => {
  const given = { 'a/b': '1', './c': '2', '/data/d': '3', '/share/e': '4' }
  const { files, mounts } = partGivenFiles(given)
  expect(files).toEqual({ 'a/b': '1', './c': '2', d: '3' })
  expect([...mounts]).toEqual([['/share/e', '4']])
  for (const whole of [undefined, new Blob(['tar']), bytes('tar'), bytes('tar').buffer, [new File([''], 'x')]]) {
    expect(partGivenFiles(whole)).toEqual({ files: whole, mounts: new Map() })
  }
})

test.each([5, 0, true, false, '', 'tar', null])('%j are no files', async (given) => {
  const { files } = partGivenFiles(given as never)
  await expect(readGivenFiles(files as never, 100)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test.each([5, 0, true, null, undefined, {}, ['x'], { length: 1 }])('%j is no content of a mount', async (content) => {
  const reading = readMounts(new Map([['/share/x', content as never]]))
  await expect(reading).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await expect(reading).rejects.toThrow('/share/x: give a text, bytes or a file')
})

test('mounts are read once, by their content', async () => {
  const { mounted, blobs } = await readMounts(
    new Map<string, string | Uint8Array>([
      ['/share/a', 'same'],
      ['/share/deep/er/b', bytes('same')],
      ['/c', ''],
    ]),
  )
  const cid = await cidOf(bytes('same'))
  expect(mounted).toEqual([
    { path: 'share/a', cid, bytes: 4 },
    { path: 'share/deep/er/b', cid, bytes: 4 },
    { path: 'c', cid: await cidOf(bytes('')), bytes: 0 },
  ])
  expect(blobs.size).toBe(2)
  expect(await blobs.get(cid)?.text()).toBe('same')
})

describe('a mount is refused', () => {
  test.each([
    ['/', /folder/],
    ['/tmp/x', /\/tmp is made by Glia/],
    ['/ww/x', /\/ww is made by Glia/],
    ['/http/x', /\/http is made by Glia/],
    ['/data', /\/data is made by Glia/],
    ['/a/../b', /without “\.\.”/],
  ])('at %s', async (path, why) => {
    const refusal = readMounts(new Map([[path, 'x']]))
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    await expect(refusal).rejects.toThrow(why)
  })

  test('in another file, and twice', async () => {
    for (const paths of [
      ['/a', '/a/b'],
      ['/a/b', '//a//b'],
    ]) {
      const refusal = readMounts(new Map(paths.map((path) => [path, 'x'])))
      await expect(refusal).rejects.toThrow(/is a file|given twice/)
    }
  })
})
