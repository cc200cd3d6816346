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
