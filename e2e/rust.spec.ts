// What a program in Rust finds, with only the standard library. The tests are skipped where there is no Rust for WASI.
import { expect, type Page } from '@playwright/test'
import { type RustGuest, rustGuest } from './guests/rust-guest.ts'
import { call, inState, local, ready, spawnBytes, test } from './tab.ts'

let guest: RustGuest | undefined

test.beforeAll(async () => {
  guest = await rustGuest()
})
test.beforeEach(() => test.skip(guest === undefined, 'there is no Rust for wasm32-wasip1'))

/** Makes a process of its first version. @returns its PID. */
function make(tab: Page, options: Parameters<typeof spawnBytes>[2] = {}): Promise<string> {
  return spawnBytes(tab, guest?.first ?? new Uint8Array(), { name: 'rust', ...options })
}

/** Why its instances have ended, the last one last. */
async function endsOf(tab: Page, pid: string): Promise<unknown[]> {
  return tab.evaluate(
    (wanted) =>
      glia.procs().flatMap(({ pid: own, exits }) => (own === wanted ? exits.map(({ reason }) => reason) : [])),
    pid,
  )
}

test('reads, writes, files, directories, clocks and random numbers are those of the standard library', async ({
  tab,
}) => {
  const pid = await make(tab)
  expect(await call(tab, local(pid, 'upper'), 'hello\nthere\n')).toEqual({ text: 'HELLO\nTHERE\n' })
  expect(await call(tab, local(pid, 'files'))).toEqual({ text: '' })
})

test('arguments, environment, files that it is given and /data over a reload', async ({ tab }) => {
  const pid = await make(tab, { args: ['-v', 'größe'], env: { GREETING: 'hello' } })
  const peerId = await tab.evaluate(() => glia.peerId)
  expect(await call(tab, local(pid, 'about'))).toEqual({ text: `rust -v größe hello ${pid} ${peerId}` })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  await tab.evaluate((to) => glia.importFiles(to, { 'lib/words': 'given' }), pid)
  expect(await call(tab, local(pid, 'show'), '/data/lib/words')).toEqual({ text: 'given' })
  await tab.reload()
  await ready(tab)
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
})

test('it calls others by opening files, and what fails is an error of the standard library', async ({ tab }) => {
  const pid = await make(tab, { policy: { call: true } })
  const ask = (path: string, message = '') => call(tab, local(pid, 'ask'), `${path}\n${message}`)
  expect(await ask('/ww/0.1.0/self/root/echo', 'hello')).toEqual({ text: 'hello' })
  expect(await ask(local('1'.repeat(20), 'run'))).toEqual({ text: 'NotFound Some(44)' })
  expect(await ask(local(pid, 'ask'))).toEqual({ text: 'Deadlock Some(16)' })
  const mute = await make(tab)
  expect(await call(tab, local(mute, 'ask'), '/ww/0.1.0/self/root/echo\n')).toEqual({ text: 'NotFound Some(44)' })
})

test('limits hold: memory, open files, the deadline', async ({ tab }) => {
  const pid = await make(tab, { policy: { maxMemoryBytes: 4 * 2 ** 20, maxOpenFiles: 5, deadlineMs: 500 } })
  expect(await call(tab, local(pid, 'open_many'))).toEqual({ text: '5 Some(33)' })
  expect(await call(tab, local(pid, 'fill'))).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' })
  expect(await call(tab, local(pid, 'spin'))).toMatchObject({ code: 'ERR_DEADLINE' })
  await inState(tab, pid, 'cold')
  expect(await endsOf(tab, pid)).toMatchObject([{ type: 'memory' }, { type: 'deadline' }])
})

test('a panic tells its function and its message, an exit its code, and who watches is told', async ({ tab }) => {
  const [pid, watcher] = [await make(tab), await make(tab, { name: 'watcher' })]
  await tab.evaluate(([from, to]) => glia.watch(from, to, 'ended'), [watcher, pid] as const)
  expect(await call(tab, local(pid, 'crash'))).toMatchObject({ code: 'ERR_TRAPPED' })
  expect(await call(tab, local(pid, 'leave'))).toMatchObject({ code: 'ERR_EXITED' })
  expect(await endsOf(tab, pid)).toMatchObject([
    { type: 'trapped', frames: expect.arrayContaining([expect.stringContaining('boom')]) as unknown },
    { type: 'exited', code: 3 },
  ])
  await tab.getByRole('table', { name: 'Processes' }).getByText('rust', { exact: true }).click()
  await expect(tab.getByText('it went wrong')).toBeVisible()
  await expect
    .poll(async () => (await call(tab, local(watcher, 'ends'))).text?.trim().split('\n').map(typeOfEnd))
    .toEqual(['trapped', 'exited'])
})

test('a hot swap keeps its PID and its files, and one that cannot start leaves the old version', async ({ tab }) => {
  const pid = await make(tab)
  const swap = (module: Uint8Array) =>
    tab.evaluate(([to, bytes]) => tools.outcome(glia.swap(to, bytes).then(() => 'swapped')), [pid, module] as const)
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect(await call(tab, local(pid, 'version'))).toEqual({ text: 'first' })
  expect(await swap(new Uint8Array(8))).toMatchObject({ code: 'ERR_BAD_MODULE' })
  expect(await call(tab, local(pid, 'version'))).toEqual({ text: 'first' })
  expect(await swap(guest?.second ?? new Uint8Array())).toEqual({ text: 'swapped' })
  expect(await call(tab, local(pid, 'version'))).toEqual({ text: 'second' })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
})

function typeOfEnd(line: string): unknown {
  return line === '' ? undefined : (JSON.parse(line) as { reason: { type: string } }).reason.type
}
