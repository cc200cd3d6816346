import { expect } from '@playwright/test'
import { staticServer } from './server.ts'
import {
  call,
  devtools,
  local,
  nextServiceWorker,
  openTab,
  peerIdOf,
  ready,
  send,
  spawn,
  stopServiceWorker,
  test,
} from './tab.ts'

test('calls go on when the service worker is stopped between them', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  for (const text of ['1', '2', '3', '4', '5']) {
    expect((await send(tab, local(pid, 'count'))).text).toBe(text)
    await stopServiceWorker(tab)
  }
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '6' })
})

test('a call with a key runs once when the service worker is stopped twice during it, answered or not', async ({
  tab,
}) => {
  // Chromium 156 dispatches a request again only once. After that fetch fails.
  const pid = await spawn(tab, 'notes')
  const outcome = tab.evaluate(
    (path) => {
      const answer = fetch(path, { method: 'POST', headers: { 'idempotency-key': '"nap"' } })
      return tools.outcome(answer.then((response) => response.text()))
    },
    local(pid, 'nap'),
  )
  await tab.waitForFunction(() => glia.procs()[1]?.state === 'busy')
  const again = await nextServiceWorker(tab)
  await stopServiceWorker(tab)
  // On a busy machine the call is over before the first stop. Then nothing starts another service worker.
  await Promise.race([again.started, outcome])
  await stopServiceWorker(tab)
  expect(['1', undefined]).toContain((await outcome).text)
  expect(await call(tab, local(pid, 'napped'))).toEqual({ text: '1' })
})

test('20 calls with keys at once all answer, and each runs once, when the service worker is stopped among them', async ({
  tab,
}) => {
  const pid = await spawn(tab, 'notes')
  const replies = tab.evaluate(
    (path) =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          tools.reply(fetch(path, { method: 'POST', body: 'equal', headers: { 'idempotency-key': `${i}` } })),
        ),
      ),
    local(pid, 'nod'),
  )
  await tab.waitForFunction(() => (glia.procs()[1]?.messages ?? 0) >= 5)
  await stopServiceWorker(tab)
  const texts = (await replies).map(({ text }) => Number(text)).sort((a, b) => a - b)
  expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(await call(tab, local(pid, 'nod'))).toEqual({ text: '21' })
})

test('a reply that is under way when the service worker is stopped breaks, and never ends as if it were whole', async ({
  tab,
}) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate(
    async (path) => {
      const response = await fetch(path, { method: 'POST' })
      const end = response.body?.pipeTo(new WritableStream()).then(
        () => 'ended',
        () => 'broke',
      )
      Object.assign(globalThis, { end })
    },
    local(pid, 'flood'),
  )
  await stopServiceWorker(tab)
  expect(await tab.evaluate(() => (globalThis as unknown as { end: Promise<string> }).end)).toBe('broke')
  // The guest was told that nobody reads, so the process is free again.
  expect((await send(tab, local(pid, 'count'))).text).toBe('1')
})

test('tabs find each other again when the service worker was stopped', async ({ tab }) => {
  const other = await openTab(await tab.context().newPage(), tab.url())
  const pid = await spawn(other, 'trouble')
  const address = `/ww/0.1.0/${await peerIdOf(other)}/${pid}/count`
  expect((await send(tab, address)).text).toBe('1')
  await stopServiceWorker(tab)
  expect((await send(tab, address)).text).toBe('2')
  await stopServiceWorker(tab)
  expect(await call(tab, address)).toEqual({ text: '3' })
})

test('with no tab open, calls of other pages are answered with 503', async ({ page }) => {
  const host = await staticServer('/', { plain: '<!doctype html><title>A page that runs no peer</title>' })
  try {
    await openTab(page, host.url)
    const plain = await page.context().newPage()
    await plain.goto(`${host.url}plain`)
    // For a page without a peer, `self` is the first tab.
    expect((await send(plain, '/status', { method: 'GET' })).text).toContain(await peerIdOf(page))
    await page.close()
    // A call that meets the tab as it is being closed is answered with 502.
    await expect
      .poll(async () => JSON.parse((await send(plain, '/status', { method: 'GET' })).text ?? ''))
      .toMatchObject({ code: 'ERR_NO_TAB' })
    expect((await send(plain, '/status', { method: 'GET' })).status).toBe(503)
    const again = await openTab(await plain.context().newPage(), host.url)
    expect((await send(plain, '/status', { method: 'GET' })).text).toContain(await peerIdOf(again))
  } finally {
    await host.stop()
  }
})

test('a frozen tab is answered for with 504, and does not run the call when it thaws', async ({ tab }) => {
  const other = await openTab(await tab.context().newPage(), tab.url())
  const pid = await spawn(other, 'trouble')
  const address = `/ww/0.1.0/${await peerIdOf(other)}/${pid}/count`
  // A page that is paused in the debugger handles as little as a frozen one, which headless Chromium does not make.
  const session = await devtools(other)
  await session.send('Debugger.enable')
  await session.send('Debugger.pause')
  const refused = await send(tab, address)
  expect(refused.status).toBe(504)
  expect(JSON.parse(refused.text ?? '')).toMatchObject({ code: 'ERR_DEADLINE' })
  await session.send('Debugger.disable')
  expect((await send(tab, address)).text).toBe('1')
})

test('a tab whose service worker is unregistered goes on, and has it again after a reload', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.unregister()
  })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  await tab.reload()
  await ready(tab)
  expect((await send(tab, local(pid, 'count'))).text).toBe('1')
})
