import { expect, type Page } from '@playwright/test'
import { guest } from './guests/guests.ts'
import { startServer } from './server.ts'
import { call, devtools, local, openTab, peerIdOf, ready, send, spawn, startSheet, test } from './tab.ts'

/** Addresses a method of a process of another tab. */
function at(peerId: string, pid: string, method: string): string {
  return `/ww/0.1.0/${peerId}/${pid}/${method}`
}

async function second(tab: Page): Promise<Page> {
  return openTab(await tab.context().newPage(), tab.url())
}

test('a reload keeps the identity and the processes, which start with their next message', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { args: ['kept'], policy: { maxMessageBytes: 10 } })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  const before = await tab.evaluate(() => ({ peerId: glia.peerId, pids: glia.procs().map((proc) => proc.pid) }))
  await tab.reload()
  await ready(tab)
  expect(await tab.evaluate(() => ({ peerId: glia.peerId, pids: glia.procs().map((proc) => proc.pid) }))).toEqual(
    before,
  )
  expect(await tab.evaluate(() => glia.procs()[1]?.state)).toBe('cold')
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect((await send(tab, local(pid, 'count'))).text).toBe('2')
  expect(await call(tab, local(pid, 'slurp'), 'x'.repeat(11))).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
})

test('two tabs are two peers that call each other, with fetch and with glia.call', async ({ tab }) => {
  const other = await second(tab)
  const [here, there] = [await peerIdOf(tab), await peerIdOf(other)]
  expect(there).not.toBe(here)
  const pid = await spawn(other, 'trouble')
  expect((await send(tab, at(there, pid, 'count'))).text).toBe('1')
  expect(await call(tab, at(there, pid, 'count'))).toEqual({ text: '2' })
  expect(await call(tab, at(there, pid, 'slurp'), 'x'.repeat(3_000_000))).toEqual({ text: '3000000' })
  // Errors keep their types on the way.
  expect(await call(tab, at(there, pid, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  expect((await send(tab, at(there, pid, 'nothing'))).status).toBe(404)
  // A process belongs to one peer.
  expect(await call(tab, local(pid, 'count'))).toMatchObject({ code: 'ERR_NO_PROC' })
  const back = await tab.evaluate(() => glia.procs()[0]?.pid ?? '')
  expect(await call(other, at(here, back, 'echo'), 'hello')).toEqual({ text: 'hello' })
})

test('two tabs stream both ways at once', async ({ tab }) => {
  const other = await second(tab)
  const pid = await spawn(other, 'duplex')
  const heard = await tab.evaluate(
    async (address) => {
      const stream = await glia.open(address)
      let text = ''
      const hear = async (expected: string): Promise<void> => {
        while (!text.endsWith(expected)) text += new TextDecoder().decode((await stream.read()) ?? undefined)
      }
      await hear('> ')
      await stream.write(new Uint8Array(5))
      await hear('got 5\n')
      await stream.closeWrite()
      return stream.read()
    },
    at(await peerIdOf(other), pid, 'prompt'),
  )
  expect(heard).toBeNull()
})

test('a tab that is closed in the middle of calls fails each of them, and none hangs', async ({ tab }) => {
  const other = await second(tab)
  const duplex = await spawn(other, 'duplex')
  const notes = await spawn(other, 'notes')
  const peerId = await peerIdOf(other)
  // One call in its reply, over each way; one before its head.
  await tab.evaluate(
    async ([prompt, take]) => {
      const stream = await glia.open(prompt)
      await stream.read()
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const request: RequestInit & { duplex: 'half' } = { method: 'POST', body: readable, duplex: 'half' }
      const waiting = tools.reply(fetch(take, request))
      await writable.getWriter().write(new Uint8Array(1))
      Object.assign(globalThis, {
        outcomes: Promise.all([tools.outcome(stream.read().then(() => 'went on')), waiting]),
      })
    },
    [at(peerId, duplex, 'prompt'), at(peerId, notes, 'take')] as const,
  )
  await other.waitForFunction(() => glia.procs()[2]?.state === 'busy')
  await other.close()
  const [opened, fetched] = await tab.evaluate(
    () => (globalThis as unknown as { outcomes: Promise<[{ code: string }, { status: number }]> }).outcomes,
  )
  expect(opened.code).toBe('ERR_UNREACHABLE')
  expect(fetched.status).toBe(502)
  expect((await send(tab, at(peerId, notes, 'take'))).status).toBe(502)
})

test('a tab that is closed in the middle of a reply breaks the body', async ({ tab }) => {
  const other = await second(tab)
  const pid = await spawn(other, 'trouble')
  const floodOfOther = at(await peerIdOf(other), pid, 'flood')
  await tab.evaluate(async (path) => {
    const response = await fetch(path, { method: 'POST' })
    const end = response.body?.pipeTo(new WritableStream()).then(
      () => 'ended',
      () => 'broke',
    )
    Object.assign(globalThis, { end })
  }, floodOfOther)
  await other.close()
  expect(await tab.evaluate(() => (globalThis as unknown as { end: Promise<string> }).end)).toBe('broke')
})

test('a tab that is opened again has the identity of the one that was closed', async ({ tab }) => {
  const other = await second(tab)
  const first = await peerIdOf(tab)
  const pid = await spawn(tab, 'trouble')
  await tab.close()
  const reopened = await second(other)
  expect(await peerIdOf(reopened)).toBe(first)
  expect(await call(reopened, local(pid, 'count'))).toEqual({ text: '1' })
})

test('a duplicated tab is another peer', async ({ tab }) => {
  // A window opened by a page begins with a copy of its session storage, as a duplicated tab does.
  const opened = tab.context().waitForEvent('page')
  await tab.evaluate(() => void window.open('./'))
  const copy = await opened
  await ready(copy)
  expect(await peerIdOf(copy)).not.toBe(await peerIdOf(tab))
  const ids = await Promise.all([peerIdOf(copy), peerIdOf(tab)])
  await Promise.all([copy.reload(), tab.reload()])
  expect(await Promise.all([peerIdOf(copy), peerIdOf(tab)])).toEqual(ids)
})

test('a tab that comes back is the same peer, however long its old page takes to go', async ({ tab, server }) => {
  const peerId = await peerIdOf(tab)
  const elsewhere = new URL('actors/index.json', server.url).href
  await tab.goto(elsewhere)
  // In the place of an old page that has not let go yet, and answers nobody.
  const old = await tab.context().newPage()
  await old.goto(elsewhere)
  await old.evaluate(() => {
    void navigator.locks.request('glia:slot:0', () => new Promise((resolve) => setTimeout(resolve, 1500)))
  })
  await tab.goto(server.url)
  await ready(tab)
  expect(await peerIdOf(tab)).toBe(peerId)
})

test('offline after the first visit, the app opens and local calls work', async ({ page }) => {
  const server = await startServer()
  await openTab(page, server.url)
  const pid = await spawn(page, 'trouble')
  await server.stop()
  for (const open of [() => page.reload(), () => page.goto(`${server.url}?io=jspi`)]) {
    await open()
    await ready(page)
    expect(await call(page, local(pid, 'count'))).toEqual({ text: '1' })
    expect((await send(page, local(pid, 'count'))).text).toBe('2')
    expect((await send(page, '/status', { method: 'GET' })).text).toContain(await peerIdOf(page))
  }
})

test('the app is installable and opens .wasm files', async ({ tab }) => {
  const session = await devtools(tab)
  // An incognito window, which a test's is, cannot install anything.
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([])
  const { data, errors } = await session.send('Page.getAppManifest')
  expect(errors).toEqual([])
  const manifest = JSON.parse(data ?? '{}')
  expect(manifest).toMatchObject({ file_handlers: [{ action: './', accept: { 'application/wasm': ['.wasm'] } }] })
  for (const { src, type } of manifest.icons) {
    const icon = await tab.request.get(new URL(src, tab.url()).href)
    expect(icon.status()).toBe(200)
    expect(icon.headers()['content-type']).toContain(type)
  }
})

test('a file that is opened with the installed app becomes a process', async ({ page, server }) => {
  await page.addInitScript(
    (bytes) => {
      const files = [{ getFile: async () => new File([new Uint8Array(bytes)], 'opened.wasm') }]
      const launchQueue = { setConsumer: (consumer: (params: object) => void) => consumer({ files }) }
      Object.defineProperty(globalThis, 'launchQueue', { value: launchQueue })
    },
    [...(await guest('trouble'))],
  )
  await openTab(page, server.url)
  await startSheet(page)
  await page.waitForFunction(() => glia.procs()[1]?.name === 'opened')
  expect(await call(page, local(await page.evaluate(() => glia.procs()[1]?.pid ?? ''), 'count'))).toEqual({ text: '1' })
})
