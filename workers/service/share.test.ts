import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MAX_SHARE_BYTES, MAX_SHARES, SHARE_FIELDS } from '../../src/calls/share-target.ts'
import { keepShared } from './share.ts'
import { BASE } from './test-browser.ts'

/** Contents by address. Like a browser's cache it keeps a content when its last byte has arrived. */
let kept: Map<string, Response>

beforeEach(() => {
  kept = new Map()
  const cache = {
    keys: async () => [...kept.keys()],
    put: async (url: string, response: Response) => {
      const bytes = await response.arrayBuffer()
      kept.set(url, new Response(bytes, { headers: response.headers }))
    },
  }
  vi.stubGlobal('caches', { open: async () => cache })
})

afterEach(() => void vi.unstubAllGlobals())

async function share(body: BodyInit | null): Promise<string | null> {
  const request = new Request(`${BASE}share`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  const { status, headers } = await keepShared(request, new URL(BASE))
  expect(status).toBe(303)
  return headers.get('location')
}

test('a shared file is kept as it is, and the browser is sent to the page', async () => {
  const form = new FormData()
  form.set(SHARE_FIELDS.text, 'Grüße\r\nzwei')
  form.set(
    SHARE_FIELDS.files,
    new File([Uint8Array.of(0, 97, 115, 109, 255)], 'actör.wasm', { type: 'application/wasm' }),
  )
  expect(await share(form)).toBe(`${BASE}#/shared`)
  const [[url, response] = []] = kept
  expect(url).toMatch(/^https:\/\/glia\.test\/app\/shared\/[0-9a-f-]{36}$/)
  const read = await response?.formData()
  expect(read?.get(SHARE_FIELDS.text)).toBe('Grüße\r\nzwei')
  const file = read?.get(SHARE_FIELDS.files)
  expect(file).toMatchObject({ name: 'actör.wasm', type: 'application/wasm' })
  expect(await (file as File).bytes()).toEqual(Uint8Array.of(0, 97, 115, 109, 255))
})

test('more bytes than the limit are not kept, however long they go on, and the page says so', async () => {
  let pulled = 0
  const chunk = new Uint8Array(1024 * 1024)
  const endless = new ReadableStream({
    pull(controller) {
      pulled += chunk.length
      controller.enqueue(chunk)
    },
  })
  expect(await share(endless)).toBe(`${BASE}#/shared/too-large`)
  expect(kept.size).toBe(0)
  expect(pulled).toBeLessThan(MAX_SHARE_BYTES + 8 * chunk.length)
})

test('a content that nobody has taken is not replaced by a new one', async () => {
  for (let i = 0; i < MAX_SHARES; i++) expect(await share(`${i}`)).toBe(`${BASE}#/shared`)
  expect(await share('more')).toBe(`${BASE}#/shared/full`)
  expect(await Promise.all([...kept.values()].map((each) => each.text()))).toEqual(['0', '1', '2', '3'])
})

test('a body that breaks off, or a browser that stores nothing, is told', async () => {
  const broken = new ReadableStream({ start: (controller) => controller.error(new Error('gone')) })
  expect(await share(broken)).toBe(`${BASE}#/shared/failed`)
  vi.stubGlobal('caches', { open: () => Promise.reject(new Error('denied')) })
  expect(await share('text')).toBe(`${BASE}#/shared/failed`)
})
