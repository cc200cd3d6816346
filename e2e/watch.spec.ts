import { expect, type Page } from '@playwright/test'
import { test } from './mesh.ts'
import { addressOf, call, local, ready, spawn } from './tab.ts'

/** Has the script of a page watch a process. What it is told is noted under a name. */
async function watch(tab: Page, address: string): Promise<void> {
  await tab.evaluate((watched) => {
    const ends: string[] = []
    Object.assign(globalThis, { ends })
    return glia.watch(watched, ({ kind, reason }) => ends.push([kind, reason.type, reason.code ?? ''].join(' ').trim()))
  }, address)
}

/** What the page was told so far. */
function told(tab: Page): Promise<string[]> {
  return tab.evaluate(() => (globalThis as unknown as { ends: string[] }).ends)
}

/** What the diary was told so far, in order. */
async function noted(tab: Page, diary: string): Promise<string[]> {
  const { text = '' } = await call(tab, local(diary, 'recall'))
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { reason: { type: string } }).reason.type)
}

const isNews = (type: string): boolean => !type.includes('unreachable')

test('a process and a script learn how a process of another peer ends, across reloads of both', async ({
  ada,
  bob,
}) => {
  const [watched, diary] = [await spawn(bob, 'trouble'), await spawn(ada, 'diary')]
  const address = await addressOf(bob, 'count', watched)
  await watch(ada, address)
  await ada.evaluate(([by, of]) => glia.watch(by, of, 'note'), [diary, address.replace('/count', '')] as const)
  await call(bob, local(watched, 'exit3'))
  await expect.poll(() => told(ada)).toEqual(['exited exited 3'])
  await expect.poll(() => noted(ada, diary)).toEqual(['exited'])

  await bob.reload()
  await ready(bob)
  await call(bob, local(watched, 'trap'))
  // A machine that is busy may take longer for the reload than a peer may be away.
  await expect.poll(async () => (await told(ada)).filter(isNews)).toEqual(['exited exited 3', 'exited trapped'])
  await expect.poll(async () => (await noted(ada, diary)).filter(isNews)).toEqual(['exited', 'trapped'])

  await ada.getByRole('row', { name: 'diary' }).click()
  await ada.getByText('Details', { exact: true }).click()
  await expect(ada.getByText(/Is told when the process .* of the peer .* ends, in note/)).toBeVisible()
  await ada.reload()
  await ready(ada)
  await bob.evaluate((pid) => glia.kill(pid), watched)
  await expect.poll(() => noted(ada, diary)).toContain('killed')
  await expect
    .poll(() => ada.evaluate((pid) => glia.procs().find((proc) => proc.pid === pid)?.watches, diary))
    .toEqual([])
})

test('a tab that is closed is unreachable, not killed; one that never was is told so', async ({ ada, bob }) => {
  await watch(ada, await addressOf(bob, 'echo'))
  await bob.close()
  await expect.poll(() => told(ada), { timeout: 15_000 }).toEqual(['unreachable unreachable'])
  await watch(ada, await addressOf(ada, 'echo', '3J98t1WpEZ73CNmQviecrnyiWrn'))
  expect(await told(ada)).toEqual(['exited noproc'])
})
