import { expect, type Locator, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { test } from './mesh.ts'
import { addressOf, call, inState, local, peerIdOf, send, spawn } from './tab.ts'

declare global {
  // Calls that the test has begun in the page.
  var begun: Awaited<ReturnType<typeof glia.open>>[] | undefined
}

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

function calls(page: Page): Locator {
  return page.getByRole('table', { name: 'Recorded calls' }).getByRole('row')
}

/** The row of the newest call with this text. */
function rowOf(page: Page, text: string): Locator {
  return calls(page).filter({ hasText: text }).first()
}

async function showCalls(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Calls' }).click()
  await expect(page.getByRole('region', { name: 'Calls', exact: true })).toBeVisible()
}

/** How many calls the browser keeps for the next page. */
async function keptCalls(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error ?? new Error('no database'))
      })
    const kept = (await indexedDB.databases()).find(({ name }) => name?.endsWith('-calls'))
    if (kept?.name === undefined) return 0
    const db = await done(indexedDB.open(kept.name))
    const blocks = await done<{ size: number }[]>(db.transaction('blocks').objectStore('blocks').getAll())
    db.close()
    return blocks.reduce((sum, { size }) => sum + size, 0)
  })
}

/** Begins a call that lasts until its caller ends it. */
async function begin(page: Page, address: string): Promise<void> {
  await page.evaluate(async (to) => {
    const stream = await glia.open(to)
    await stream.write(new Uint8Array([1]))
    globalThis.begun = [...(globalThis.begun ?? []), stream]
  }, address)
}

test('the calls of a tab are listed live, can be looked into, and survive a reload until they are cleared', async ({
  tab,
}) => {
  const pid = await spawn(tab, 'trouble', { policy: { keepHeads: true } })
  await showCalls(tab)
  await expect(tab.getByText('No calls yet')).toBeVisible()
  expect(await call(tab, local(pid, 'slurp'), 'hello')).toEqual({ text: '5' })
  await expect(rowOf(tab, 'slurp')).toContainText(/in.*page.*trouble slurp.*ok.*5 B.*1 B/)
  expect(await call(tab, local(pid, 'give_up'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await expect(rowOf(tab, 'give_up')).toContainText('ERR_TRAPPED')

  await rowOf(tab, 'give_up').getByRole('link').click()
  await expect(tab.locator('.call-failure')).toContainText('ERR_TRAPPED')
  await expect(tab.getByLabel('stderr, its end')).toContainText('looked everywhere')
  await tab.goBack()
  await rowOf(tab, 'slurp').click()
  await expect(tab.getByLabel('Message')).toHaveText('hello')
  await expect(tab.getByLabel('Reply')).toHaveText('5')
  await expect(tab.getByRole('region', { name: 'Call of slurp' })).toContainText(`/${pid}/slurp`)
  const address = tab.url()

  await tab.goBack()
  await tab.getByLabel('Status', { exact: true }).selectOption('failed')
  await expect(calls(tab)).toHaveCount(2)
  await tab.getByLabel('Status', { exact: true }).selectOption('')
  await tab.getByLabel('Search the calls').fill('slurp OK')
  await expect(calls(tab)).toHaveCount(2)
  await expect(tab.getByRole('status').filter({ hasText: '1 of 2' })).toBeVisible()
  await tab.getByLabel('Search the calls').fill('nothing like this')
  await expect(tab.getByText('No call fits')).toBeVisible()
  await tab.getByLabel('Search the calls').fill('')

  await tab.getByRole('button', { name: 'Pause' }).click()
  await call(tab, local(pid, 'count'))
  await tab.getByRole('button', { name: 'Go on' }).click()
  await expect(rowOf(tab, 'count')).toBeVisible()

  await tab.goto(address)
  await expect.poll(() => keptCalls(tab)).toBe(3)
  await tab.reload()
  await expect(tab.getByLabel('Message')).toHaveText('hello')
  await tab.getByRole('link', { name: 'Calls', exact: true }).click()
  await expect(calls(tab)).toHaveCount(4)
  await tab.getByRole('button', { name: 'Clear…' }).click()
  await tab.getByRole('button', { name: 'Clear all 3 calls' }).click()
  await expect(tab.getByText('No calls yet')).toBeVisible()
  await tab.reload()
  await expect(tab.getByText('No calls yet')).toBeVisible()
})

test('a call that waits says why: its place in the mailbox, who has the turn, and since when', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await begin(tab, local(pid, 'slurp'))
  await inState(tab, pid, 'busy')
  await begin(tab, local(pid, 'half'))
  await showCalls(tab)
  await expect(rowOf(tab, 'half')).toContainText('waiting')
  await rowOf(tab, 'half').getByRole('link').click()
  const why = tab.getByRole('group', { name: 'Why is it waiting?' })
  await expect(why).toContainText('number 1 of 1 in the mailbox')
  await expect(why).toContainText(/For \d+ s now/)
  await why.getByRole('link', { name: 'the call of trouble slurp by page' }).click()
  await expect(why).toContainText('waits for more of its message')
  await tab.evaluate(async () => {
    for (const stream of globalThis.begun ?? []) await stream.closeWrite()
  })
  await expect(tab.getByRole('region', { name: 'Call of slurp' })).toContainText('ok')
  await expect(why).toHaveCount(0)
})

test('calls to another peer and those passed on are listed, and the other peer tells of its part', async ({
  ada,
  bob,
  server,
}) => {
  const pid = await spawn(bob, 'trouble')
  const address = await addressOf(bob, 'slurp', pid)
  expect(await call(ada, address, 'hello')).toEqual({ text: '5' })
  // A page without a peer: the first tab passes its call on.
  const plain = await ada.context().newPage()
  await plain.goto(`${server.url}actors/index.json`)
  expect((await send(plain, address.replace('slurp', 'count'))).text).toBe('1')
  await plain.close()
  await showCalls(ada)
  await expect(rowOf(ada, 'slurp')).toContainText(/out.*page/)
  await expect(rowOf(ada, 'count')).toContainText(/through.*another page/)
  await ada.getByLabel('Way', { exact: true }).selectOption('through')
  await expect(calls(ada)).toHaveCount(2)
  await ada.getByLabel('Way', { exact: true }).selectOption('')
  await ada.getByLabel('Peer', { exact: true }).selectOption(await peerIdOf(bob))
  await expect(calls(ada)).toHaveCount(3)

  await showCalls(bob)
  await expect(rowOf(bob, 'slurp')).toContainText(/in.*peer/)
  await rowOf(ada, 'slurp').getByRole('link').click()
  const chain = ada.getByRole('list', { name: 'Calls of this trace' }).getByRole('listitem')
  await ada.getByRole('button', { name: 'Ask the other peer' }).click()
  await expect(chain).toHaveCount(1)
  await expect(chain).toContainText(/network, .* mailbox, .* run/)

  // Bob's consent is his: without it he tells nothing.
  await bob.getByLabel('Peers that ask for a trace').uncheck()
  await ada.getByRole('button', { name: 'Ask again' }).click()
  await expect(ada.getByText('tells nothing of this trace')).toBeVisible()
})

test('calls are chosen with the arrow keys, and stay in sight while newer ones come', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  const callMany = (count: number): Promise<void> =>
    tab.evaluate(
      async ({ to, times }) => {
        for (let i = 0; i < times; i++) await glia.call(to)
      },
      { to: local(pid, 'count'), times: count },
    )
  await callMany(100)
  await showCalls(tab)
  const top = calls(tab).nth(1)
  await top.focus()
  await tab.keyboard.press('PageDown')
  await tab.keyboard.press('PageDown')
  await tab.keyboard.press('PageDown')
  const chosen = tab.getByRole('row', { selected: true })
  await expect(chosen).toBeFocused()
  const place = await chosen.getAttribute('aria-rowindex')
  const box = await chosen.boundingBox()
  await callMany(50)
  await expect(chosen).toHaveAttribute('aria-rowindex', String(Number(place) + 50))
  expect(await chosen.boundingBox()).toEqual(box)
  await expect(chosen).toBeFocused()
  await tab.keyboard.press('Enter')
  await expect(tab.getByRole('region', { name: 'Call of count' })).toBeVisible()
  // The call is still chosen when the person comes back.
  await tab.goBack()
  await expect(chosen).toHaveAttribute('aria-rowindex', String(Number(place) + 50))
})

for (const size of SIZES) {
  test(`the calls fit and are accessible at ${size.width} pixels, in both themes`, async ({ tab }) => {
    await tab.setViewportSize(size)
    const pid = await spawn(tab, 'trouble', { policy: { keepHeads: true } })
    await tab.evaluate(
      async (to) => {
        for (let i = 0; i < 100; i++) await glia.call(to)
      },
      local(pid, 'count'),
    )
    await call(tab, local(pid, 'give_up'))
    await begin(tab, local(pid, 'slurp'))
    await showCalls(tab)
    await expect(rowOf(tab, 'slurp')).toBeVisible()
    // Only the rows that are seen are made.
    expect(await calls(tab).count()).toBeLessThan(60)
    expect((await rowOf(tab, 'slurp').boundingBox())?.height).toBe(36)
    await expectGood(tab)
    await rowOf(tab, 'slurp').getByRole('link').click()
    await expect(tab.getByRole('group', { name: 'Why is it waiting?' })).toBeVisible()
    await expectGood(tab)
    await tab.goBack()
    await rowOf(tab, 'give_up').getByRole('link').click()
    await expect(tab.locator('.call-failure')).toBeVisible()
    await expectGood(tab)
  })
}

test('on a phone a row has the method and the whole status, however long the name of the process is', async ({
  tab,
}) => {
  await tab.setViewportSize({ width: 360, height: 740 })
  const pid = await spawn(tab, 'trouble', { name: 'a-name-that-is-longer-than-a-phone-is-wide-and-goes-on' })
  await call(tab, local(pid, 'found'))
  await showCalls(tab)
  const row = rowOf(tab, 'found')
  await expect(row.locator('.call-status')).toHaveText('ERR_EXITED 10')
  expect(await Promise.all([row.locator('.call-link .mono'), row.locator('.call-status')].map(isCut))).toEqual([
    false,
    false,
  ])
  await row.getByRole('link').click()
  const panel = await tab.getByRole('group', { name: 'Replay' }).boundingBox()
  const button = await tab.getByRole('button', { name: /^Record the next calls of/ }).boundingBox()
  if (!panel || !button) throw new Error('nothing is shown')
  expect(button.x + button.width).toBeLessThanOrEqual(panel.x + panel.width)
})

function isCut(box: Locator): Promise<boolean> {
  return box.evaluate((element) => element.scrollWidth > element.clientWidth)
}

async function expectGood(page: Page): Promise<void> {
  // The header and the navigation have tests of their own.
  await expectNoFaults(page, 'main')
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}
