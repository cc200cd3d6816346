import { expect, type Page, type Route } from '@playwright/test'
import { ACTOR_CSP } from '../src/headers.ts'
import { newIdentity } from '../src/mesh/libp2p/identity.ts'
import { staticServer } from './server.ts'
import { call, devtools, openTab, peerIdOf, ready, send, test } from './tab.ts'

/** Ed25519 peer ids in base58btc all begin like this. */
const PEER_ID = /^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/

test('opening the address gives a running peer', async ({ page, server }) => {
  await openTab(page, server.url)
  expect(await peerIdOf(page)).toMatch(PEER_ID)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.scriptURL)).toBe(`${server.url}sw.js`)
  expect(await page.evaluate(() => glia.procs())).toEqual([
    expect.objectContaining({ name: 'root', methods: ['echo', 'about'], state: 'idle' }),
  ])
  expect(await call(page, '/ww/0.1.0/self/root/echo', 'hello')).toEqual({ text: 'hello' })
})

/** Holds the page's own script back. @returns a function that lets it come. */
async function holdScript(page: Page): Promise<() => Promise<void>> {
  const held: Route[] = []
  await page.route('**/assets/index-*.js', (route) => void held.push(route))
  return async () => {
    await expect.poll(() => held.length).toBe(1)
    await held.pop()?.continue()
  }
}

test('a first visit sees the page before its script has come, and the same page then works', async ({
  page,
  server,
}) => {
  const recipe = page.locator('.recipe')
  const complaints: string[] = []
  page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
  const letCome = await holdScript(page)
  await page.goto(server.url, { waitUntil: 'commit' })
  await expect(recipe).toBeVisible()
  // Nothing of it can be used yet.
  await expect(page.locator('#app')).toHaveAttribute('inert')
  await recipe.evaluate((element) => void Object.assign(element, { isPicture: true }))
  await letCome()
  await ready(page)
  await expect(page.locator('#app')).not.toHaveAttribute('inert')
  // It is the same element still, so nothing flickered.
  await expect(recipe).toHaveJSProperty('isPicture', true)
  await expect(page.getByRole('row', { name: /root/ })).toBeVisible()
  expect(complaints).toEqual([])
})

test('the header works while the code of the views does not come', async ({ page, server }) => {
  await page.route('**/assets/later-views-*.js', () => undefined)
  await page.goto(server.url)
  await ready(page)
  await page.locator('.mesh-chip').click()
  await expect(page.locator('#mesh-explained')).toBeVisible()
})

for (const [what, hash, kept] of [
  ['a link to a view', '#/peers', ''],
  ['a later visit', '', 'glia-has-actors'],
] as const) {
  test(`${what} is not shown the picture of a first visit`, async ({ page, server }) => {
    await page.addInitScript((key) => key && localStorage.setItem(key, ''), kept)
    const letCome = await holdScript(page)
    await page.goto(server.url + hash, { waitUntil: 'commit' })
    await expect(page.locator('#app')).toBeAttached()
    await expect(page.locator('header')).toHaveCount(0)
    await letCome()
    await ready(page)
    await expect(page.locator('header')).toBeVisible()
  })
}

test('/status in the address bar shows what the API says and not the app', async ({ tab }) => {
  const [peerId, pid] = await tab.evaluate(() => [glia.peerId, glia.procs()[0]?.pid])
  const other = await tab.context().newPage()
  const reply = await other.goto(new URL('status', tab.url()).href)
  expect(await reply?.text()).toBe(`ww/0.1.0/${peerId}/${pid}`)
  expect(await other.evaluate(() => document.querySelector('#app'))).toBeNull()
  // Also in the tab that answers while it is being left.
  expect(await (await tab.goto(new URL('status', tab.url()).href))?.text()).toBe(`ww/0.1.0/${peerId}/${pid}`)
})

test('a plain static host runs the same peer under a sub-path, after one reload', async ({ page }) => {
  const host = await staticServer('/glia/')
  try {
    const loads: string[] = []
    page.on('domcontentloaded', (loaded) => loads.push(loaded.url()))
    await page.goto(host.url)
    await ready(page)
    expect(loads).toEqual([host.url, host.url])
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)

    expect((await send(page, '/glia/status', { method: 'GET' })).text).toContain(await peerIdOf(page))
    const echo = await send(page, '/glia/ww/0.1.0/self/root/echo', { method: 'POST', body: 'hello' })
    expect(echo).toMatchObject({ status: 200, text: 'hello' })
    expect((await send(page, '/status', { method: 'GET' })).status).toBe(404)

    const actor = await send(page, '/glia/actor.js', { method: 'GET' })
    expect(actor.headers['content-security-policy']).toBe(ACTOR_CSP)
  } finally {
    await host.stop()
  }
})

test('the app does not run in a frame, and says so', async ({ page }) => {
  const host = await staticServer('/', { 'frame.html': '<!doctype html><iframe src="./"></iframe>' })
  try {
    await page.goto(`${host.url}frame.html`)
    const app = page.frameLocator('iframe')
    await expect(app.getByRole('alert')).toHaveText('Glia does not run in a frame: open it in a tab of its own.')
    const frame = page.frame({ url: host.url })
    expect(await frame?.evaluate(() => tools.outcome(glia.ready.then(() => 'runs')))).toMatchObject({
      code: 'ERR_DENIED',
    })
    expect(await frame?.evaluate(() => navigator.serviceWorker.getRegistration())).toBeUndefined()
  } finally {
    await host.stop()
  }
})

test('our own server does not let the app be framed at all', async ({ page, server }) => {
  const host = await staticServer('/', { 'frame.html': `<!doctype html><iframe src="${server.url}"></iframe>` })
  try {
    const refused = page.waitForEvent('console', (line) => line.text().includes('frame-ancestors'))
    await page.goto(`${host.url}frame.html`)
    await refused
  } finally {
    await host.stop()
  }
})

for (const [what, prefix] of [
  ['our server', undefined],
  ['a static host', '/glia/'],
] as const) {
  test(`a forced reload, which goes past the service worker, still gives the HTTP API on ${what}`, async ({
    page,
    server,
  }) => {
    const host = prefix === undefined ? { url: server.url, stop: async () => undefined } : await staticServer(prefix)
    try {
      await page.goto(host.url)
      await ready(page)
      const loaded = page.waitForEvent('load')
      await (await devtools(page)).send('Page.reload', { ignoreCache: true })
      await loaded
      await ready(page)
      const path = new URL('ww/0.1.0/self/root/echo', host.url).pathname
      expect(await send(page, path, { method: 'POST', body: 'hello' })).toMatchObject({ status: 200, text: 'hello' })
    } finally {
      await host.stop()
    }
  })
}

test('no script of the origin can read the identity key, also not one that an earlier version kept', async ({
  page,
  server,
}) => {
  await openTab(page, server.url)
  const peerId = await peerIdOf(page)
  const kept = (): Promise<unknown> =>
    page.evaluate(async () => {
      const done = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(request.error ?? new Error('no reason'))
        })
      const db = await done(indexedDB.open('glia'))
      const [identity] = (await done(db.transaction('identities').objectStore('identities').getAll())) as {
        peerId: string
        privateKey: CryptoKey
      }[]
      db.close()
      const isKey = identity?.privateKey instanceof CryptoKey
      const read = isKey ? await crypto.subtle.exportKey('pkcs8', identity.privateKey).catch(() => 'refused') : 'bytes'
      return [identity?.peerId, read]
    })
  expect(await kept()).toEqual([peerId, 'refused'])
  // In the form in which the version before kept it.
  const before = await newIdentity()
  await page.evaluate(
    async ([id, bytes]) => {
      const opened = indexedDB.open('glia')
      await new Promise((resolve) => (opened.onsuccess = resolve))
      const tx = opened.result.transaction('identities', 'readwrite')
      tx.objectStore('identities').put({ peerId: id, privateKey: Uint8Array.from(bytes) }, 0)
      await new Promise((resolve) => (tx.oncomplete = resolve))
      opened.result.close()
    },
    [before.peerId, [...before.privateKey]] as const,
  )
  await page.reload()
  await ready(page)
  expect(await peerIdOf(page)).toBe(before.peerId)
  expect(await kept()).toEqual([before.peerId, 'refused'])
  await expect(page.getByRole('banner')).toContainText('On the mesh')
})
