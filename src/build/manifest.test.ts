import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SHARE_FIELDS, SHARE_PATH } from '../calls/share-target.ts'

/** A file that the manifest names. */
interface Picture {
  src: string
  type: string
  sizes: string
}

interface Manifest {
  id: string
  start_url: string
  scope: string
  icons: readonly Picture[]
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
  const pictures = [
    ...manifest.icons,

    ...manifest.shortcuts.flatMap(({ icons }) => icons),
  ]
  for (const { src, sizes } of pictures) {
    expect(`${src} ${src.endsWith('.svg') ? 'any' : await pngSizes(src)}`).toBe(`${src} ${sizes}`)
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
