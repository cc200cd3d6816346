// What a process keeps under /data.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { bad } from './guests/bad.ts'
import { cGuest } from './guests/c-guest.ts'
import { call, local, ready, row, spawnBytes, test } from './tab.ts'

test.beforeAll(() => cGuest('files'))

/** A process that counts its calls in `/data/calls`. */
async function spawnCounter(tab: Page, name = 'counting'): Promise<string> {
  return spawnBytes(tab, await cGuest('files'), { name })
}

/** Has it count. */
async function count(tab: Page, pid: string): Promise<string> {
  return (await call(tab, local(pid, 'count'))).text ?? ''
}

/** What scripts are told of the files. */
function filesOf(tab: Page, pid: string) {
  return tab.evaluate((wanted) => glia.files(wanted), pid)
}

/** The process's files in the page's database: their contents by path. */
function stored(tab: Page, pid: string): Promise<Record<string, string>> {
  return tab.evaluate(
    (wanted) =>
      new Promise<Record<string, string>>((resolve, reject) => {
        const opening = indexedDB.open('glia')
        opening.onerror = () => reject(opening.error ?? new Error('no database'))
        opening.onsuccess = () => {
          const files = opening.result.transaction('files').objectStore('files')
          const reading = files.getAll(IDBKeyRange.bound([wanted], [wanted, []]))
          reading.onsuccess = () => {
            opening.result.close()
            const found = reading.result as { path: string; bytes: Uint8Array }[]
            resolve(Object.fromEntries(found.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])))
          }
        }
      }),
    pid,
  )
}

async function reload(tab: Page): Promise<void> {
  await tab.reload()
  await ready(tab)
}

/** What `tar` says is in an archive of one file. */
function unpacked(archive: Uint8Array): { names: string; content: string } {
  const tar = (...options: string[]): string => execFileSync('tar', options, { input: archive }).toString()
  return { names: tar('-tf', '-'), content: tar('-xOf', '-') }
}

test('files survive a trap, a restart, a hot swap and a reload, and each process has its own', async ({ tab }) => {
  const [pid, other] = [await spawnCounter(tab), await spawnCounter(tab)]
  expect(await count(tab, pid)).toBe('1')
  expect(await call(tab, local(pid, 'crash'))).toMatchObject({ code: 'ERR_TRAPPED' })
  expect(await count(tab, pid)).toBe('2')
  await tab.evaluate((restarted) => glia.restart(restarted), pid)
  expect(await count(tab, pid)).toBe('3')
  const altered = Uint8Array.from([...(await cGuest('files')), 0, 2, 1, 0x78])
  await tab.evaluate(([swapped, module]) => glia.swap(swapped, module), [pid, altered] as const)
  expect(await count(tab, pid)).toBe('4')
  await expect.poll(() => stored(tab, pid)).toEqual({ calls: '4' })
  await reload(tab)
  expect(await filesOf(tab, pid)).toEqual({ entries: [{ path: 'calls', kind: 'file', bytes: 1 }], totalBytes: 1 })
  expect(await count(tab, pid)).toBe('5')
  expect(await count(tab, other)).toBe('1')
})

test('a swap for a module that does not start leaves the files to the old one', async ({ tab }) => {
  const pid = await spawnCounter(tab)
  expect(await count(tab, pid)).toBe('1')
  const swapped = await tab.evaluate(([old, bytes]) => tools.outcome(glia.swap(old, bytes).then(() => 'swapped')), [
    pid,
    bad.initializeTraps.bytes,
  ] as const)
  expect(swapped).toMatchObject({ code: 'ERR_START' })
  expect(await count(tab, pid)).toBe('2')
  await tab.evaluate((restarted) => glia.restart(restarted), pid)
  expect(await count(tab, pid)).toBe('3')
})

test('they are downloaded as a tar archive, by a person and by a script', async ({ tab }) => {
  const pid = await spawnCounter(tab)
  await count(tab, pid)
  const script = await tab.evaluate(
    async (wanted) => [...new Uint8Array(await (await glia.exportFiles(wanted)).arrayBuffer())],
    pid,
  )
  expect(unpacked(Uint8Array.from(script))).toEqual({ names: 'calls\n', content: '1' })
  await row(tab, 'counting').click()
  await tab.getByText('Details', { exact: true }).click()
  const downloading = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Download as tar' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe('counting-data.tar')
  expect(unpacked(await readFile(await download.path()))).toEqual({ names: 'calls\n', content: '1' })
})

test('they go with the process, and come back when its kill is undone', async ({ tab }) => {
  const pid = await spawnCounter(tab)
  await count(tab, pid)
  await expect.poll(() => stored(tab, pid)).toEqual({ calls: '1' })
  await row(tab, 'counting').click()
  await tab.getByRole('button', { name: 'Kill' }).click()
  await expect.poll(() => stored(tab, pid)).toEqual({})
  await tab.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => stored(tab, pid)).toEqual({ calls: '1' })
  expect(await count(tab, pid)).toBe('2')
  await tab.evaluate((killed) => glia.kill(killed), pid)
  expect(await stored(tab, pid)).toEqual({})
})
