import { expect, type Locator, type Page } from '@playwright/test'
import { bad } from './guests/bad.ts'
import { guest } from './guests/guests.ts'
import { addActor, call, choose, drop, local, row, spawn, spawnBytes, startSheet, test } from './tab.ts'

function sheet(page: Page): Locator {
  return page.getByRole('dialog')
}

function startButton(page: Page): Locator {
  return sheet(page).getByRole('button', { name: 'Start', exact: true })
}

function pidOf(page: Page, name: string): Promise<string> {
  return page.evaluate((wanted) => glia.procs().find((proc) => proc.name === wanted)?.pid ?? '', name)
}

function names(page: Page): Promise<string[]> {
  return page.evaluate(() => glia.procs().map(({ name }) => name))
}

/** The bundled root, which replies what it was started with. */
function aboutModule(page: Page): Promise<Uint8Array> {
  return page.evaluate(async () => new Uint8Array(await (await fetch('/actors/root.wasm')).arrayBuffer()))
}

/** Has the page compile nothing until it is told to. */
async function holdCompiling(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const compile = WebAssembly.compile
    const { promise, resolve } = Promise.withResolvers<void>()
    WebAssembly.compile = async (bytes) => {
      await promise
      return compile(bytes)
    }
    addEventListener('test:compile', () => resolve())
  })
  return () => page.evaluate(() => void dispatchEvent(new Event('test:compile')))
}

test.describe('the sheet', () => {
  test('drop, Enter, type, Ctrl+Enter: a file is a process that has replied', async ({ tab }) => {
    await drop(tab, 'body', { 'upper.wasm': await guest('trouble') })
    await expect(startButton(tab)).toBeFocused()
    await tab.keyboard.press('Enter')
    await expect(tab.getByRole('textbox', { name: 'Message' })).toBeFocused()
    await tab.getByLabel('Method').selectOption('slurp')
    await tab.getByRole('textbox', { name: 'Message' }).fill('hello')
    await tab.keyboard.press('Control+Enter')
    await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('5')
    await expect(row(tab, 'upper')).toHaveAttribute('aria-selected', 'true')
  })

  test('says what the file is and what it asks for', async ({ tab }) => {
    await choose(tab, 'Add a .wasm actor', 'trouble.wasm', await guest('trouble'))
    await expect(sheet(tab)).toHaveAccessibleName('trouble.wasm')
    await expect(sheet(tab)).toContainText('slurp')
    await expect(sheet(tab)).toContainText('Reads what it is sent and writes its reply')
    await expect(sheet(tab)).toContainText('Waits for a time or for bytes.')
    await expect(sheet(tab)).toContainText(
      'Whoever has the address may call it. It is listed to nobody. It may call nobody.',
    )
    await expect(sheet(tab)).not.toContainText('Opens and makes files')
  })

  test('what is set on it reaches the process', async ({ tab }) => {
    await choose(tab, 'Add a .wasm actor', 'about.wasm', await aboutModule(tab))
    await sheet(tab).getByLabel('Name').fill('who')
    // Who may call is asked at once, everything else behind a click.
    await sheet(tab).getByLabel('Who may call it').selectOption('browser')
    await sheet(tab).getByText('Arguments, callers, limits').click()
    await sheet(tab).getByLabel('Arguments, as in a shell').fill(`-v 'a b'`)
    await sheet(tab).getByLabel('Environment, KEY=value lines').fill('LANG=de\nA=b=c')
    await sheet(tab).getByLabel('Largest message, MiB').fill('0.001')
    await sheet(tab).getByLabel('Files in /data, MiB').fill('0.5')
    await startSheet(tab)
    const pid = await pidOf(tab, 'who')
    const about = (await call(tab, local(pid, 'about'))).text?.split('\n')
    expect(about).toEqual(expect.arrayContaining(['arg who', 'arg -v', 'arg a b', 'env LANG=de', 'env A=b=c']))
    expect(await call(tab, local(pid, 'echo'), 'x'.repeat(1050))).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    await tab.getByText('Details').click()
    const details = tab.getByRole('complementary', { name: 'Console of who' })
    await expect(details).toContainText('Only this browser may call it.')
    await expect(details).toContainText(`-v 'a b'`)
    await expect(details).toContainText('LANG=de')
    await expect(details).toContainText('Files in /data up to 512 KiB')
    await expect(details.getByRole('button', { name: `Copy PID ${pid}` })).toHaveText(pid)
  })

  test('a field that means nothing is told and gets the cursor; nothing starts', async ({ tab }) => {
    await choose(tab, 'Add a .wasm actor', 'trouble.wasm', await guest('trouble'))
    await sheet(tab).getByText('Arguments, callers, limits').click()
    await sheet(tab).getByLabel('Environment, KEY=value lines').fill('no value')
    await sheet(tab).getByText('Arguments, callers, limits').click()
    await startButton(tab).click()
    const field = sheet(tab).getByLabel('Environment, KEY=value lines')
    await expect(field).toBeFocused()
    await expect(field).toHaveAccessibleDescription(/“no value” is no KEY=value line/)
    expect(await names(tab)).toEqual(['root'])
    await field.fill('A=1')
    await startSheet(tab)
    expect(await names(tab)).toEqual(['root', 'trouble'])
  })

  test('Esc and Cancel give the file up', async ({ tab }) => {
    await choose(tab, 'Add a .wasm actor', 'trouble.wasm', await guest('trouble'))
    await expect(startButton(tab)).toBeFocused()
    await tab.keyboard.press('Escape')
    await expect(sheet(tab)).toHaveCount(0)
    await choose(tab, 'Add a .wasm actor', 'trouble.wasm', await guest('trouble'))
    await sheet(tab).getByRole('button', { name: 'Cancel' }).click()
    await expect(sheet(tab)).toHaveCount(0)
    expect(await names(tab)).toEqual(['root'])
  })

  test('a file that is given right after Esc has its sheet', async ({ tab }) => {
    await drop(tab, 'body', { 'first.wasm': await guest('trouble') })
    await expect(sheet(tab)).toHaveAccessibleName('first.wasm')
    // In one turn of the page: the browser tells of a dialog's end in the next.
    await tab.evaluate(
      (bytes) => {
        document.querySelector('dialog')?.close()
        const transfer = new DataTransfer()
        transfer.items.add(new File([bytes], 'second.wasm'))
        document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: transfer }))
      },
      await guest('trouble'),
    )
    await expect(sheet(tab)).toHaveAccessibleName('second.wasm')
    await startSheet(tab)
    expect(await names(tab)).toEqual(['root', 'second'])
  })

  test('a file that is no module is told of, and does not start', async ({ tab }) => {
    await drop(tab, 'body', { 'notes.wasm': bad.text.bytes })
    await expect(sheet(tab).getByRole('alert')).toContainText('not a WebAssembly module')
    await tab.keyboard.press('Enter')
    await expect(sheet(tab).getByRole('alert')).toBeVisible()
    await tab.keyboard.press('Escape')
    await expect(sheet(tab)).toHaveCount(0)
    expect(await names(tab)).toEqual(['root'])
  })

  test('a module that wants more memory than the cap may be allowed it', async ({ tab }) => {
    await drop(tab, 'body', { 'huge.wasm': bad.hugeMemory.bytes })
    await expect(sheet(tab)).toContainText('more than the cap')
    await sheet(tab).getByRole('button', { name: 'Allow 512 MiB' }).click()
    await startSheet(tab)
    expect(await names(tab)).toEqual(['root', 'huge'])
  })

  test('comes before the module is compiled, shows how far that is, and may be answered meanwhile', async ({ tab }) => {
    const compile = await holdCompiling(tab)
    await drop(tab, 'body', { 'large.wasm': await guest('trouble') })
    await expect(startButton(tab)).toBeFocused()
    await tab.keyboard.press('Enter')
    await expect(sheet(tab).getByRole('progressbar', { name: /^Compiling/ })).toBeVisible()
    await expect(sheet(tab).getByRole('button', { name: 'Starting…' })).toBeVisible()
    expect(await names(tab)).toEqual(['root'])
    await compile()
    await expect(row(tab, 'large')).toContainText('idle')
  })

  test('a file that compiles for long can be given up', async ({ tab }) => {
    await holdCompiling(tab)
    await drop(tab, 'body', { 'large.wasm': await guest('trouble') })
    await expect(startButton(tab)).toBeFocused()
    await tab.keyboard.press('Enter')
    await expect(sheet(tab).getByRole('progressbar')).toBeVisible()
    await tab.keyboard.press('Escape')
    await expect(sheet(tab)).toHaveCount(0)
    expect(await names(tab)).toEqual(['root'])
  })

  test('of several files each has its own, and one can be left out', async ({ tab }) => {
    const module = await guest('trouble')
    await drop(tab, 'body', { 'a.wasm': module, 'b.wasm': module, 'c.wasm': module })
    await expect(sheet(tab)).toHaveAccessibleName(/a\.wasm\s*1 of 3/)
    await startSheet(tab)
    await expect(sheet(tab)).toHaveAccessibleName(/b\.wasm\s*2 of 3/)
    await sheet(tab).getByRole('button', { name: 'Skip' }).click()
    await startSheet(tab)
    await expect(sheet(tab)).toHaveCount(0)
    expect(await names(tab)).toEqual(['root', 'a', 'c'])
    await expect(tab.locator(`[data-pid="${await pidOf(tab, 'a')}"]`)).toHaveAttribute('aria-selected', 'true')
  })

  test('several files are started at once with the same settings', async ({ tab }) => {
    const about = new Uint8Array(await aboutModule(tab))
    await drop(tab, 'body', { 'a.wasm': about, 'notes.wasm': bad.text.bytes, 'b.wasm': about })
    // Who may call is asked at once, everything else behind a click.
    await sheet(tab).getByLabel('Who may call it').selectOption('browser')
    await sheet(tab).getByText('Arguments, callers, limits').click()
    await sheet(tab).getByLabel('Arguments, as in a shell').fill('--same')
    await sheet(tab).getByRole('button', { name: 'Start all 3 with these settings' }).click()
    // What cannot be started is not passed over in silence.
    await expect(sheet(tab).getByRole('alert')).toContainText('not a WebAssembly module')
    await sheet(tab).getByRole('button', { name: 'Skip' }).click()
    await expect(sheet(tab)).toHaveCount(0)
    for (const name of ['a', 'b']) {
      expect((await call(tab, local(await pidOf(tab, name), 'about'))).text).toMatch(`arg ${name}\narg --same\n`)
    }
  })

  test('a snapshot that was downloaded becomes a process that goes on, and no new module of another', async ({
    tab,
  }) => {
    const pid = await spawn(tab, 'trouble')
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
    const file = await tab.evaluate(async (asked) => [...(await (await glia.snapshot(asked)).bytes())], pid)
    await choose(tab, 'Add a .wasm actor', 'diary.gliasnap', Uint8Array.from(file))
    await expect(sheet(tab)).toContainText('It goes on where the process was.')
    await tab.keyboard.press('Enter')
    await expect(row(tab, 'diary')).toBeVisible()
    expect(await call(tab, local(await pidOf(tab, 'diary'), 'count'))).toEqual({ text: '2' })
    await drop(tab, `[data-pid="${pid}"] td`, { 'diary.gliasnap': Uint8Array.from(file) })
    const panel = tab.getByRole('region', { name: 'Replace the module of trouble' })
    await expect(panel).toContainText('It is a snapshot of a process, and not a module.')
    await expect(panel.getByRole('button', { name: 'Replace' })).toHaveAttribute('aria-disabled', 'true')
  })

  test('scripts and bundled actors have none; those get the policy they are listed with', async ({ tab }) => {
    await spawn(tab, 'trouble')
    const listed = await tab.evaluate(async (): Promise<{ name: string; policy?: Record<string, unknown> }[]> => {
      return (await fetch('/actors/index.json')).json()
    })
    for (const { name, policy = {} } of listed.filter((actor) => actor.name !== 'root')) {
      await tab.getByRole('button', { name, exact: true }).click()
      await expect(tab.getByRole('complementary', { name: `Console of ${name}` })).toBeVisible()
      const found = await tab.evaluate((wanted) => glia.procs().find((proc) => proc.name === wanted)?.policy, name)
      expect(found).toMatchObject(policy)
    }
    await expect(sheet(tab)).toHaveCount(0)
  })
})

test.describe('hot swap', () => {
  test('a file dropped on a process replaces its module under its PID, and undo swaps back', async ({ tab }) => {
    await addActor(tab, 'trouble')
    const pid = await pidOf(tab, 'trouble')
    await drop(tab, `[data-pid="${pid}"] td`, { 'newer.wasm': await guest('duplex') })
    const panel = tab.getByRole('region', { name: 'Replace the module of trouble' })
    await expect(panel).toContainText(/adds .*prompt.* and removes .*count/)
    await expect(panel.getByRole('button', { name: 'Replace' })).toBeFocused()
    await tab.keyboard.press('Enter')
    await expect.poll(() => methodsOf(tab, pid)).toContain('prompt')
    await expect(panel).toHaveCount(0)
    await expect(tab.getByRole('textbox', { name: 'Message' })).toBeFocused()
    expect(await pidOf(tab, 'trouble')).toBe(pid)
    expect(await call(tab, local(pid, 'count'))).toMatchObject({ code: 'ERR_NO_METHOD' })
    await tab.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => methodsOf(tab, pid)).not.toContain('prompt')
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  })

  test('the button in the details does the same', async ({ tab }) => {
    const pid = await spawn(tab, 'trouble')
    await row(tab, 'trouble').click()
    await tab.getByText('Details').click()
    await choose(tab, 'Replace module', 'newer.wasm', await guest('duplex'))
    await tab.getByRole('button', { name: 'Replace', exact: true }).click()
    await expect.poll(() => methodsOf(tab, pid)).toContain('prompt')
    await expect(tab.getByLabel('Method').getByRole('option')).toHaveText(await methodsOf(tab, pid))
  })

  test('Esc leaves the process as it is', async ({ tab }) => {
    const pid = await spawn(tab, 'trouble')
    await drop(tab, `[data-pid="${pid}"]`, { 'newer.wasm': await guest('duplex') })
    await expect(tab.getByRole('button', { name: 'Replace', exact: true })).toBeFocused()
    await tab.keyboard.press('Escape')
    await expect(tab.getByRole('button', { name: 'Replace', exact: true })).toHaveCount(0)
    expect(await methodsOf(tab, pid)).toContain('count')
  })

  test('a version that does not start is told of, and the old one goes on with its state', async ({ tab }) => {
    const pid = await spawn(tab, 'trouble')
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
    await drop(tab, `[data-pid="${pid}"]`, { 'broken.wasm': bad.startTraps.bytes })
    await tab.getByRole('button', { name: 'Replace', exact: true }).click()
    const panel = tab.getByRole('region', { name: 'Replace the module of trouble' })
    await expect(panel.getByRole('alert')).toContainText('ERR_START')
    await expect(panel).toContainText('It still runs the module that it ran before.')
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
  })

  test('a file that is no module is told of, and the same module is not swapped', async ({ tab }) => {
    const pid = await spawn(tab, 'trouble')
    const panel = tab.getByRole('region', { name: 'Replace the module of trouble' })
    await drop(tab, `[data-pid="${pid}"]`, { 'notes.wasm': bad.text.bytes })
    await expect(panel.getByRole('alert')).toContainText('not a WebAssembly module')
    await drop(tab, `[data-pid="${pid}"]`, { 'same.wasm': await guest('trouble') })
    await expect(panel).toContainText('It is the module that runs already.')
    await expect(panel.getByRole('button', { name: 'Replace' })).toBeDisabled()
  })

  test('on root a file is a new actor', async ({ tab }) => {
    await drop(tab, '[data-pid]', { 'fresh.wasm': await guest('trouble') })
    await startSheet(tab)
    expect(await names(tab)).toEqual(['root', 'fresh'])
  })
})

function methodsOf(page: Page, pid: string): Promise<string[]> {
  return page.evaluate((wanted) => [...(glia.procs().find((proc) => proc.pid === wanted)?.methods ?? [])], pid)
}

test('a process that has ended says why, and is started again by hand', async ({ tab }) => {
  const pid = await spawnBytes(tab, await guest('trouble'), { name: 'fragile', restart: 'temporary' })
  expect(await call(tab, local(pid, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await row(tab, 'fragile').click()
  await expect(row(tab, 'fragile')).toContainText('ended: trapped')
  const console = tab.getByRole('complementary', { name: 'Console of fragile' })
  await expect(console).toContainText('temporary')
  await console.getByText('Details').click()
  const ends = console.getByRole('listitem').filter({ hasText: /trap: trapped: unreachable.*\(for good\)/ })
  await expect(ends).toHaveCount(1)
  await console.getByRole('button', { name: 'Start again' }).click()
  await expect(row(tab, 'fragile')).toContainText('idle')
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

for (const width of [360, 1280]) {
  test(`nothing of the sheet, the details and the swap is cut off at ${width} pixels`, async ({ tab }) => {
    await tab.setViewportSize({ width, height: 740 })
    const fits = async (): Promise<void> => {
      const over = await tab.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('dialog, .sheet-body, .console')].map(
          (element) => element.scrollWidth - element.clientWidth,
        ),
      )
      expect(Math.max(...over)).toBeLessThanOrEqual(0)
    }
    await choose(tab, 'Add a .wasm actor', 'a-module-with-a-rather-long-name.wasm', await guest('trouble'))
    await sheet(tab).getByText('Arguments, callers, limits').click()
    await fits()
    // However much is open, Start is in sight.
    await expect(startButton(tab)).toBeInViewport({ ratio: 1 })
    await startSheet(tab)
    const pid = await pidOf(tab, 'a-module-with-a-rather-long-name')
    await tab.getByText('Details').click()
    await expect(tab.getByText('Files in /data', { exact: true })).toBeVisible()
    await drop(tab, `[data-pid="${pid}"]`, { 'a-newer-module-with-a-long-name.wasm': await guest('duplex') })
    await expect(tab.getByRole('button', { name: 'Replace', exact: true })).toBeFocused()
    await fits()
  })
}
