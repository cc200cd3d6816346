import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SHARE_FIELDS, SHARE_PATH } from '../calls/share-target.ts'

/** A file that the manifest names. */
interface Picture {
  src: string
  type: string
  sizes: string
  form_factor?: 'narrow' | 'wide'
}

interface Manifest {
  id: string
  start_url: string
  scope: string
  icons: readonly Picture[]
  screenshots: readonly Picture[]
  shortcuts: readonly { url: string; icons: readonly Omit<Picture, 'type'>[] }[]
  share_target: { action: string; params: { files: readonly { name: string }[] } & Record<string, unknown> }
}

const PUBLIC = new URL('../../public/', import.meta.url)
const VIEWS = fileURLToPath(new URL('../ui/views.ts', import.meta.url))
const manifest = JSON.parse(await readFile(new URL('manifest.webmanifest', PUBLIC), 'utf8')) as Manifest

/** Width and height of a PNG, as browsers write sizes. They are in its first chunk. */
async function pngSizes(src: string): Promise<string> {
  const bytes = await readFile(new URL(src, PUBLIC))
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`
}

test('each picture that the manifest names is there, in the size that it says', async () => {
  const pictures = [...manifest.icons, ...manifest.screenshots, ...manifest.shortcuts.flatMap(({ icons }) => icons)]
  for (const { src, sizes } of pictures) {
    expect(`${src} ${src.endsWith('.svg') ? 'any' : await pngSizes(src)}`).toBe(`${src} ${sizes}`)
  }
})

test('the pictures of the views are few, small, and in a shape that browsers show', async () => {
  const { screenshots } = manifest
  expect(screenshots.length).toBeLessThanOrEqual(4)
  expect(new Set(screenshots.map((each) => each.form_factor))).toEqual(new Set(['narrow', 'wide']))
  for (const { src, sizes, form_factor: form } of screenshots) {
    const [width = 0, height = 0] = sizes.split('x').map(Number)
    expect(form === 'wide' ? width > height : height > width).toBe(true)
    // Chromium shows none with a side below 320 or above 3840, or 2.3 times as long as the other one.
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(320)
    expect(Math.max(width, height) / Math.min(width, height)).toBeLessThanOrEqual(2.3)
    expect((await stat(new URL(src, PUBLIC))).size).toBeLessThanOrEqual(150_000)
  }
})

test('it works under any path, its shortcuts lead to views, and shared content to the service worker', async () => {
  const base = 'https://glia.test/app/'
  const views = await readFile(VIEWS, 'utf8')
  const { id, start_url: start, scope, share_target: target, shortcuts } = manifest
  expect([id, start, scope]).toEqual(['./', './', './'])
  for (const { url } of shortcuts) {
    expect(new URL(url, base).href).toMatch(/^https:\/\/glia\.test\/app\/#\/\w+$/)
    expect(views).toContain(`'${url.split('/').at(-1)}'`)
  }
  expect(new URL(target.action, base).pathname).toBe(`/app${SHARE_PATH}`)
  const { files, ...params } = target.params
  expect({ ...params, files: files[0]?.name }).toEqual(SHARE_FIELDS)
})
