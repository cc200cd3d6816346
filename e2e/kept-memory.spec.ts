import { expect, type Page } from '@playwright/test'
import { call, local, openTab, ready, spawn, test } from './tab.ts'

const DURABLE = { policy: { memory: 'durable' } } as const

/** Closes the page in the middle of everything, and opens it again. */
async function reload(page: Page): Promise<void> {
  await page.reload()
  await ready(page)
}

for (const io of ['rings', 'JSPI', 'buffered']) {
  test(`on ${io}, an actor goes on after a reload, with its heap and its open file`, async ({ page, server }) => {
    await openTab(page, `${server.url}?io=${io}`)
    const pid = await spawn(page, 'keeper', DURABLE)
    const note = (text: string) => call(page, local(pid, 'note'), text)
    expect(await note('a')).toEqual({ text: '1 a | a' })
    await page.evaluate((asked) => glia.checkpoint(asked), pid)
    await reload(page)
    expect(await note('b')).toEqual({ text: '2 b a | ab' })
    await page.evaluate((asked) => glia.checkpoint(asked), pid)
    await reload(page)
    expect(await note('')).toEqual({ text: '2 b a | ab' })
  })
}

test('without being asked, what is in memory is stored soon after a message', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper', DURABLE)
  await call(tab, local(pid, 'note'), 'a')
  await expect.poll(() => tab.evaluate(countStored)).toBeGreaterThan(1)
  await reload(tab)
  expect(await call(tab, local(pid, 'note'), '')).toEqual({ text: '1 a | a' })
})

test.describe('without the code for the thread that stores it', () => {
  // A service worker would have the code.
  test.use({ serviceWorkers: 'block' })

  test('the page stores what is in memory', async ({ page, server }) => {
    await page.route('**/storage-thread-*.js', (route) => route.abort())
    await openTab(page, server.url)
    const pid = await spawn(page, 'keeper', DURABLE)
    await call(page, local(pid, 'note'), 'a')
    await page.evaluate((asked) => glia.checkpoint(asked), pid)
    await reload(page)
    expect(await call(page, local(pid, 'note'), '')).toEqual({ text: '1 a | a' })
  })
})

/** Snapshots and their parts in the page's database. */
async function countStored(): Promise<number> {
  const done = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result))
      request.addEventListener('error', () => reject(new Error('The database failed.', { cause: request.error })))
    })
  let count = 0
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    if (database.objectStoreNames.contains('memory')) {
      count += await done(database.transaction('memory').objectStore('memory').count())
    }
    database.close()
  }
  return count
}

test('a process as a file goes on as another process', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper')
  await call(tab, local(pid, 'note'), 'a')
  const fork = await tab.evaluate(async (asked) => glia.spawn(await glia.snapshot(asked), { name: 'fork' }), pid)
  expect(await call(tab, local(fork, 'note'), 'b')).toEqual({ text: '2 b a | ab' })
  expect(await call(tab, local(pid, 'note'), 'c')).toEqual({ text: '2 c a | ac' })
})

/** What a checkpoint comes to: nothing, or the code and words of its failure. */
function checkpoint(page: Page, pid: string): Promise<string> {
  return page.evaluate(
    (asked) =>
      glia.checkpoint(asked).then(
        () => '',
        (thrown: { code?: string; message?: string }) => `${thrown.code}: ${thrown.message}`,
      ),
    pid,
  )
}

test('what is in memory is stored beside the page’s thread, and says why if it is not', async ({ page, server }) => {
  // Everything that this thread puts into a database.
  await page.addInitScript(() => {
    const put = IDBObjectStore.prototype.put
    IDBObjectStore.prototype.put = function (...given) {
      if (this.name === 'memory') Object.assign(globalThis, { hasPut: true })
      return put.apply(this, given)
    }
  })
  await openTab(page, server.url)
  await page.evaluate(() => Object.assign(globalThis, { hasPut: false }))
  const pid = await spawn(page, 'keeper', DURABLE)
  await call(page, local(pid, 'note'), 'a')
  expect(await checkpoint(page, pid)).toBe('')
  await reload(page)
  expect(await call(page, local(pid, 'note'), 'b')).toEqual({ text: '2 b a | ab' })
  await page.evaluate(() => Object.assign(globalThis, { hasPut: false }))
  await call(page, local(pid, 'fill'))
  expect(await checkpoint(page, pid)).toBe('')
  expect(await page.evaluate(() => Reflect.get(globalThis, 'hasPut') as boolean)).toBe(false)
  await call(page, local(pid, 'note'), 'c')
  expect(await checkpoint(page, pid)).toBe('')

  // Another tab takes the processes over. Nothing of this one may come after that.
  await page.evaluate(takeOver)
  await call(page, local(pid, 'note'), 'd')
  expect(await checkpoint(page, pid)).toBe(
    'ERR_STORAGE: The browser could not keep the memory: another tab runs its processes now.',
  )
  await reload(page)
  expect(await call(page, local(pid, 'note'), 'e')).toEqual({ text: '4 e c b a | abce' })
})

test('the page of a process shows what is kept of its memory, and goes back to it', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper', { policy: { memory: 'durable', durable: 'before-reply' } })
  for (const letter of ['a', 'b', 'c']) await call(tab, local(pid, 'note'), letter)
  await tab.evaluate((id) => (location.hash = `#/p/${id}/memory`), pid)
  const second = tab.getByRole('listitem').filter({ hasText: 'after 2 messages' })
  await second.getByRole('button', { name: 'Go back' }).click()
  await expect(tab.getByRole('listitem').filter({ hasText: 'after 2 messages' })).toHaveCount(2)
  expect(await tab.evaluate((id) => glia.procs().find((proc) => proc.pid === id)?.state, pid)).toBe('hibernated')
  expect(await call(tab, local(pid, 'note'), 'x')).toEqual({ text: '3 x b a | abx' })
})

/** Does in the database what another tab does when it begins. */
async function takeOver(): Promise<void> {
  const opening = indexedDB.open('glia')
  await new Promise((resolve) => opening.addEventListener('success', resolve))
  const tx = opening.result.transaction('memory', 'readwrite')
  tx.objectStore('memory').put('another page', ['', 0])
  await new Promise((resolve) => tx.addEventListener('complete', resolve))
  opening.result.close()
}
