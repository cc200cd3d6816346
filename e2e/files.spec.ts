// The files of a process under /data.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { bad } from './guests/bad.ts'
import { cGuest } from './guests/c-guest.ts'
import { call, inState, local, openTab, type Outcome, ready, row, spawnBytes, test, trySpawn } from './tab.ts'

test.beforeAll(() => cGuest('files'))

/** A process that counts its calls in `/data/calls`. */
async function spawnCounter(tab: Page, name = 'counting'): Promise<string> {
  return spawnBytes(tab, await cGuest('files'), { name })
}

/** Makes it count. */
async function count(tab: Page, pid: string): Promise<string> {
  return (await call(tab, local(pid, 'count'))).text ?? ''
}

/** What scripts see of the files. */
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

/** The files in an archive, as `tar` lists them. */
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
  expect(await filesOf(tab, pid)).toMatchObject({ entries: [{ path: 'calls', kind: 'file', bytes: 1 }], totalBytes: 1 })
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

/** Gives a process files. */
function give(tab: Page, pid: string, files: Record<string, string>): Promise<Outcome> {
  return tab.evaluate(([to, given]) => tools.outcome(glia.importFiles(to, given).then(() => 'given')), [
    pid,
    files,
  ] as const)
}

for (const io of ['rings', 'jspi', 'buffered'] as const) {
  test(`on ${io} a process finds the files that it is given, and goes on as it was`, async ({ page, server }) => {
    await openTab(page, `${server.url}?io=${io}`)
    const pid = await spawnBytes(page, await cGuest('files'), { name: 'given' })
    const show = (path: string) => call(page, local(pid, 'show'), path)
    expect(await show('/data/lib/a')).toEqual({ text: '1 errno 44' })
    expect(await give(page, pid, { 'lib/a': 'first', held: 'old' })).toEqual({ text: 'given' })
    expect(await show('/data/lib/a')).toEqual({ text: '2 first' })
    expect(await call(page, local(pid, 'hold'))).toEqual({ text: 'old' })
    expect(await give(page, pid, { 'lib/a': 'second', held: 'new' })).toEqual({ text: 'given' })
    expect(await show('/data/lib/a')).toEqual({ text: '3 second' })
    // An open file lives on, as on every system.
    expect(await call(page, local(pid, 'hold'))).toEqual({ text: 'old' })
    expect(await show('/data/held')).toEqual({ text: '4 new' })
    // What it writes itself is kept beside that. It does not report given files as its own.
    expect(await count(page, pid)).toBe('1')
    await expect.poll(() => stored(page, pid)).toEqual({ calls: '1', held: 'new', lib: '', 'lib/a': 'second' })
    await page.evaluate((restarted) => glia.restart(restarted), pid)
    expect(await show('/data/lib/a')).toEqual({ text: '1 second' })
  })
}

test('a file at a path of its own is found there by every instance, also after a reload, and cannot be given later', async ({
  tab,
}) => {
  const module = await cGuest('files')
  const files = { '/share/words': 'hello', own: 'mine' }
  const pids = [
    await spawnBytes(tab, module, { name: 'one', files }),
    await spawnBytes(tab, module, { name: 'two', files }),
  ]
  const show = (pid: string, path: string) => call(tab, local(pid, 'show'), path)
  for (const pid of pids) expect(await show(pid, '/share/words')).toEqual({ text: '1 hello' })
  expect(await show(pids[0] ?? '', '/data/own')).toEqual({ text: '2 mine' })
  await tab.reload()
  await ready(tab)
  for (const pid of pids) expect(await show(pid, '/share/words')).toEqual({ text: '1 hello' })
  for (const path of ['/share/more', '/share/words', '/tmp/x', '/data']) {
    expect(await give(tab, pids[0] ?? '', { with: 'x', [path]: 'x' })).toMatchObject({
      code: 'ERR_BAD_REQUEST',
      message: expect.stringContaining(`${path} is not a file under /data`),
    })
  }
  expect(await show(pids[0] ?? '', '/data/with')).toMatchObject({ text: '2 errno 44' })
  expect(await trySpawn(tab, module, { files: { '/tmp/x': 'x' } })).toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test('files are given between two messages, also to a process without an instance, and outlive a reload', async ({
  tab,
}) => {
  const pid = await spawnCounter(tab)
  const busy = await tab.evaluateHandle((address) => glia.open(address), local(pid, 'show'))
  await inState(tab, pid, 'busy')
  const giving = give(tab, pid, { a: 'given' })
  await busy.evaluate(async (stream) => {
    await stream.write(new TextEncoder().encode('/data/a'))
    await stream.closeWrite()
  })
  expect(await giving).toEqual({ text: 'given' })
  expect(await call(tab, local(pid, 'show'), '/data/a')).toEqual({ text: '2 given' })
  await reload(tab)
  expect(await give(tab, pid, { b: 'cold' })).toEqual({ text: 'given' })
  expect((await filesOf(tab, pid)).entries.map(({ path }) => path)).toEqual(['a', 'b'])
  expect(await call(tab, local(pid, 'show'), '/data/b')).toEqual({ text: '1 cold' })
})

test('what cannot be put there changes nothing, and says why', async ({ tab }) => {
  const pid = await spawnBytes(tab, await cGuest('files'), { name: 'full', policy: { maxDataBytes: 10_000 } })
  await give(tab, pid, { there: 'x' })
  expect(await give(tab, pid, { good: 'x', '../bad': 'x' })).toMatchObject({ code: 'ERR_BAD_REQUEST' })
  expect(await give(tab, pid, { good: 'x', 'there/bad': 'x' })).toMatchObject({ code: 'ERR_BAD_REQUEST' })
  expect(await give(tab, pid, { good: 'x', large: 'x'.repeat(9500) })).toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: expect.stringContaining('do not fit'),
  })
  expect(await give(tab, '1'.repeat(20), { good: 'x' })).toMatchObject({ code: 'ERR_NO_PROC' })
  expect((await filesOf(tab, pid)).entries).toMatchObject([{ path: 'there', kind: 'file', bytes: 1 }])
  expect(await call(tab, local(pid, 'show'), '/data/good')).toEqual({ text: '1 errno 44' })
  const refused = await tab.evaluate(
    (module) => tools.outcome(glia.spawn(module, { files: { '..': 'x' } })),
    await cGuest('files'),
  )
  expect(refused).toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test('a process that is killed meanwhile does not get its files, and whoever gives up is told so', async ({ tab }) => {
  const pid = await spawnCounter(tab)
  const busy = await tab.evaluateHandle((address) => glia.open(address), local(pid, 'show'))
  await inState(tab, pid, 'busy')
  expect(
    await tab.evaluate(
      (to) => tools.outcome(glia.importFiles(to, { a: 'x' }, { signal: AbortSignal.timeout(50) }).then(() => 'given')),
      pid,
    ),
  ).toMatchObject({ code: 'ERR_ABORTED' })
  const giving = give(tab, pid, { a: 'x' })
  await tab.evaluate((killed) => glia.kill(killed), pid)
  // The code depends on whether the message had its place in the queue by then.
  expect(['ERR_PROC_STOPPED', 'ERR_NO_PROC']).toContain((await giving).code)
  await busy.dispose()
})

test('a process begins with the files that it is spawned with: an archive of another one', async ({ tab }) => {
  const first = await spawnCounter(tab)
  await give(tab, first, { 'lib/a': 'taken along' })
  const pid = await tab.evaluate(
    async ([from, module]) => glia.spawn(module, { name: 'second', files: await glia.exportFiles(from) }),
    [first, await cGuest('files')] as const,
  )
  expect(await call(tab, local(pid, 'show'), '/data/lib/a')).toEqual({ text: '1 taken along' })
  await expect.poll(() => stored(tab, pid)).toEqual({ lib: '', 'lib/a': 'taken along' })
})

test('people add files in the details, by choosing and by dropping them', async ({ tab }) => {
  const pid = await spawnCounter(tab)
  await row(tab, 'counting').click()
  await tab.getByText('Details', { exact: true }).click()
  const archive = execFileSync('tar', ['-czf', '-', '-C', 'src/examples', 'wc.c'])
  await tab.getByLabel('Add files').setInputFiles([
    { name: 'plain.txt', mimeType: 'text/plain', buffer: Buffer.from('chosen') },
    { name: 'lib.tar.gz', mimeType: 'application/gzip', buffer: archive },
  ])
  await expect(tab.getByText('2 files added to counting')).toBeVisible()
  expect(await call(tab, local(pid, 'show'), '/data/plain.txt')).toEqual({ text: '1 chosen' })
  expect((await filesOf(tab, pid)).entries.map(({ path }) => path)).toEqual(['plain.txt', 'wc.c'])
  const dropped = await tab.evaluateHandle(() => {
    const transfer = new DataTransfer()
    transfer.items.add(new File(['dropped'], 'plain.txt'))
    return transfer
  })
  const place = tab.locator('.files')
  await place.dispatchEvent('dragenter', { dataTransfer: dropped })
  await place.dispatchEvent('drop', { dataTransfer: dropped })
  await expect(tab.getByText('plain.txt added to counting')).toBeVisible()
  expect(await call(tab, local(pid, 'show'), '/data/plain.txt')).toEqual({ text: '2 dropped' })
  // No new actor was made of it.
  expect(await tab.evaluate(() => glia.procs().length)).toBe(2)
  await tab.getByLabel('Add files').setInputFiles({ name: 'bad.tar', mimeType: '', buffer: Buffer.from('hello') })
  await expect(tab.getByText('This is not a whole tar archive')).toBeVisible()
})
