// Programs of tens of megabytes, such as a compiler, an interpreter or a document converter.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { clangVersion } from '../src/build/clang.ts'
import { enlarge } from './guests/enlarge.ts'
import { guest } from './guests/guests.ts'
import { ROOT } from './server.ts'
import { call, local, ready, row, send, startSheet, test } from './tab.ts'

const BYTES = 40_000_000
/** clang as WebAssembly: all tools of LLVM in one module, and the files with which it compiles. */
const LLVM = join(ROOT, 'node_modules/@yowasp/clang/gen')

let folder = ''
let file = ''

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-large-'))
  file = join(folder, 'large.wasm')
  await writeFile(file, enlarge(await guest('cmd'), BYTES))
})
test.afterAll(() => rm(folder, { recursive: true }))

/** Makes the page note every module that it compiles or hashes in its own thread, from now on and after reloads. */
async function watchThread(page: Page): Promise<() => Promise<number[]>> {
  const watch = (): void => {
    const sizes: number[] = []
    const { compile } = WebAssembly
    WebAssembly.compile = (bytes) => {
      sizes.push(bytes.byteLength)
      return compile(bytes)
    }
    const digest = crypto.subtle.digest.bind(crypto.subtle)
    crypto.subtle.digest = (algorithm, bytes) => {
      sizes.push(bytes.byteLength)
      return digest(algorithm, bytes)
    }
    Object.assign(globalThis, { sizes })
  }
  await page.addInitScript(watch)
  await page.evaluate(watch)
  return () => page.evaluate(() => (globalThis as unknown as { sizes: number[] }).sizes)
}

async function pidOf(page: Page, name: string): Promise<string> {
  return page.evaluate((wanted) => glia.procs().find((proc) => proc.name === wanted)?.pid ?? '', name)
}

test('a program of 40 MB runs from stdin to stdout, for scripts and over HTTP, also after a reload', async ({
  tab,
}) => {
  const inThread = await watchThread(tab)
  await tab.getByLabel('Add a .wasm actor').setInputFiles(file)
  const sheet = tab.getByRole('dialog')
  await expect(sheet).toContainText('40 MB')
  await sheet.getByText('Arguments, callers, limits').click()
  await sheet.getByLabel('Arguments, as in a shell').fill('-t html')
  await startSheet(tab)
  const pid = await pidOf(tab, 'large')
  expect(await call(tab, local(pid, '_start'), 'hello')).toEqual({ text: 'large -t html\nHELLO' })
  const failed = { code: 'ERR_EXITED', message: '_start exited with code 4.' }
  expect(await call(tab, local(pid, '_start'), 'fail')).toEqual(failed)
  expect(await send(tab, local(pid, '_start'), { method: 'POST', body: 'http' })).toMatchObject({
    status: 200,
    text: 'large -t html\nHTTP',
  })
  expect(Math.max(0, ...(await inThread()))).toBeLessThan(BYTES / 10)

  await tab.reload()
  await ready(tab)
  await expect(row(tab, 'large')).toContainText('not loaded')
  expect(await call(tab, local(pid, '_start'), 'again')).toEqual({ text: 'large -t html\nAGAIN' })
  expect(Math.max(0, ...(await inThread()))).toBeLessThan(BYTES / 10)
})

test('while a program of 40 MB is read and compiled the sheet says so, and it can be given up', async ({ tab }) => {
  const before = tab.workers().length
  await tab.getByLabel('Add a .wasm actor').setInputFiles(file)
  const sheet = tab.getByRole('dialog')
  await expect(sheet.getByRole('button', { name: /^Start/ })).toBeFocused()
  await tab.keyboard.press('Enter')
  // The bar comes after 0.3 s, and a fast machine is done by then. While it starts both are there.
  await expect(sheet.getByRole('progressbar').or(row(tab, 'large')).first()).toBeVisible()
  await tab.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  // The worker that did it is gone with all that it held. No other has come but that of the process, if there is one.
  const started = await tab.evaluate(() => glia.procs().length - 1)
  await expect.poll(() => tab.workers().length).toBeLessThanOrEqual(before + 1 + started)
})

test('a compiler and a linker with their library build an actor in the tab', async ({ tab }) => {
  test.skip((await clangVersion()) === undefined, 'there is no C compiler')
  const input = await tab.evaluateHandle(() =>
    Object.assign(document.createElement('input'), { type: 'file', multiple: true }),
  )
  await input.setInputFiles(['llvm.core.wasm', 'llvm-resources.tar'].map((name) => join(LLVM, name)))
  const reply = await tab.evaluate(async ({ files }) => {
    const [llvm, library] = files ?? []
    if (!llvm || !library) return 'no files'
    const policy = { maxDataBytes: 128 * 2 ** 20 }
    const make = (name: string, args: string) =>
      glia.spawn(llvm, { name, args: args.split(' '), files: library, policy })
    const include = '-internal-isystem /data/include -internal-isystem /data/include/wasm32-wasip1'
    const compiler = await make('clang', `-cc1 -triple wasm32-unknown-wasip1 ${include} -emit-obj -Oz -x c - -o -`)
    const lib = '/data/lib/wasm32-wasip1'
    const builtins = '/data/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a'
    const objects = `${lib}/crt1-reactor.o /data/upper.o -lc ${builtins}`
    const linker = await make('wasm-ld', `-L${lib} ${objects} --entry=_initialize --export=upper -o -`)
    const source = `
      #include <ctype.h>
      #include <stdio.h>
      void upper(void) {
        int c;
        while ((c = getchar()) != EOF) putchar(toupper(c));
        fflush(stdout);
      }`
    const object = await glia.call(`/ww/0.1.0/self/${compiler}/_start`, source)
    await glia.importFiles(linker, { 'upper.o': object })
    const upper = await glia.spawn(await glia.call(`/ww/0.1.0/self/${linker}/_start`))
    return new TextDecoder().decode(await glia.call(`/ww/0.1.0/self/${upper}/upper`, 'hello'))
  }, input)
  expect(reply).toBe('HELLO')
})
