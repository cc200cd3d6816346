import { expect, type Locator, type Page } from '@playwright/test'
import { clangVersion } from '../src/build/clang.ts'
import { guest } from './guests/guests.ts'
import { connect, test as withMesh } from './mesh.ts'
import { addressOf, call, choose, local, openTab, peerIdOf, row, spawn, spawnBytes, startSheet, test } from './tab.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

function details(tab: Page, name: string): Locator {
  return tab.getByRole('complementary', { name: `Console of ${name}` })
}

async function openDetails(tab: Page, name: string): Promise<Locator> {
  await row(tab, name).click()
  await details(tab, name).getByText('Details').click()
  return details(tab, name)
}

/** Makes a process of a bundled actor, as its button does. @returns its PID. */
async function spawnBundled(page: Page, name: string, policy = {}): Promise<string> {
  return page.evaluate(
    async ([file, given]) => {
      const list = (await (await fetch('actors/index.json')).json()) as { name: string; policy?: object }[]
      const bytes = await (await fetch(`actors/${file}.wasm`)).arrayBuffer()
      return glia.spawn(bytes, { name: file, policy: { ...list.find((one) => one.name === file)?.policy, ...given } })
    },
    [name, policy] as const,
  )
}

test('the sheet asks who may call, and the row says it', async ({ tab }) => {
  const answers = [
    ['browser', 'this browser'],
    ['anyone', 'whoever has the address'],
    ['listed', 'listed to all'],
    ['peers', 'one peer'],
  ] as const
  for (const [option, words] of answers) {
    await choose(tab, 'Add a .wasm actor', `${option}.wasm`, await guest('trouble'))
    const sheet = tab.getByRole('dialog')
    await sheet.getByLabel('Who may call it').selectOption(option)
    if (option === 'peers') await sheet.getByLabel('Peer ids, one a line').fill(PEER)
    await startSheet(tab)
    await expect(row(tab, option).filter({ hasText: words })).toBeVisible()
  }
  const policies = await tab.evaluate(() =>
    glia.procs().map(({ name, policy }) => [name, policy.callers, policy.listed]),
  )
  expect(policies).toEqual([
    ['root', 'anyone', false],
    ['browser', 'browser', false],
    ['anyone', 'anyone', false],
    ['listed', 'anyone', true],
    ['peers', [PEER], false],
  ])
})

test('the policy of a live process is changed in its details, at once and for good', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  const panel = await openDetails(tab, 'trouble')
  await panel.getByRole('button', { name: 'Change…' }).click()
  const form = panel.getByRole('form', { name: 'Policy of trouble' })
  await form.getByLabel('Who may call it').selectOption('browser')
  await form.getByLabel('Methods with callers of their own, one a line').fill('cuont: anyone')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByText('there is no method “cuont”')).toBeVisible()
  await form.getByLabel('Methods with callers of their own, one a line').fill('count: anyone')
  await form.getByLabel('Memory, MiB').fill('8')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(panel.getByText('Changed. When it is started the next time: memory.')).toBeVisible()
  await expect(panel).toContainText('Only this browser may call it.')
  await expect(panel).toContainText('count: whoever has the address')
  await expect(row(tab, 'trouble')).toContainText('this browser')
  // Its instance goes on until it is restarted.
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
  const editor = panel.getByRole('definition').filter({ has: tab.getByRole('button', { name: 'Change…' }) })
  await editor.getByRole('button', { name: 'Restart' }).click()
  await expect(editor.getByText('Changed.', { exact: true })).toBeVisible()
  await expect(editor.getByRole('button', { name: 'Restart' })).toBeHidden()
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  await tab.reload()
  await tab.evaluate(() => glia.served)
  const policy = await tab.evaluate((wanted) => glia.procs().find((proc) => proc.pid === wanted)?.policy, pid)
  expect(policy).toMatchObject({
    callers: 'browser',
    methods: { count: { callers: 'anyone' } },
    maxMemoryBytes: 2 ** 23,
  })
})

test('who called is told by glia.calls and on the page of the process', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await call(tab, local(pid, 'slurp'), 'hello')
  await call(tab, local(pid, 'trap'))
  await tab.evaluate(
    (path) => fetch(path, { method: 'POST', body: 'hi' }).then((reply) => reply.text()),
    local(pid, 'slurp'),
  )
  const calls = await tab.evaluate((wanted) => glia.calls(wanted), pid)
  expect(calls).toMatchObject([
    { method: 'slurp', from: 'page', result: 'ok', bytesIn: 2, bytesOut: 1 },
    { method: 'trap', from: 'page', result: 'ERR_TRAPPED' },
    { method: 'slurp', from: 'page', result: 'ok', bytesIn: 5 },
  ])
  const panel = await openDetails(tab, 'trouble')
  await panel.getByRole('link', { name: 'Show its calls' }).click()
  const table = tab.getByRole('table', { name: 'Recorded calls of the process' })
  await expect(table.getByRole('link', { name: 'trouble' })).toHaveText([
    'trouble slurp',
    'trouble trap',
    'trouble slurp',
  ])
  await expect(table.getByRole('row').nth(2)).toContainText('ERR_TRAPPED')
})

test('a call of another tab names its process by no PID', async ({ tab }) => {
  test.skip((await clangVersion()) === undefined, 'there is no C compiler')
  const other = await openTab(await tab.context().newPage(), tab.url())
  const relay = await spawnBundled(tab, 'relay')
  const callee = await spawn(other, 'trouble')
  const message = `${await addressOf(other, 'slurp', callee)} ${await addressOf(other, 'echo')}\nhello`
  expect(await call(tab, local(relay, 'relay'), message)).toEqual({ text: '5' })
  const [record] = await other.evaluate((pid) => glia.calls(pid), callee)
  expect(record).toMatchObject({ from: 'process', peer: await peerIdOf(tab), result: 'ok' })
  expect(record?.process).toBeTruthy()
  expect(JSON.stringify(record)).not.toContain(relay)
})

withMesh.describe('two people', () => {
  withMesh('lend each other no rights through an actor that calls for its callers', async ({ ada, bob }) => {
    withMesh.skip((await clangVersion()) === undefined, 'there is no C compiler')
    await connect(bob, ada, 'direct')
    const relay = await spawnBundled(ada, 'relay')
    const owners = await spawnBundled(ada, 'relay', { call: 'owner', callTo: ['/ww/0.1.0/self/*/count'] })
    const closed = await spawnBytes(ada, await guest('trouble'), { name: 'closed', policy: { callers: 'browser' } })
    const [adaId, bobId] = [await peerIdOf(ada), await peerIdOf(bob)]
    const through = async (from: Page, pid: string, ...addresses: string[]): Promise<string | undefined> => {
      const { text, code } = await call(from, `/ww/0.1.0/${adaId}/${pid}/relay`, `${addresses.join(' ')}\nhello`)
      return text ?? code
    }
    const echo = '/ww/0.1.0/self/root/echo'
    const count = local(closed, 'count')
    // Through the relay Ada may call her own process, and Bob may call what everybody may call.
    expect(await through(ada, relay, count, echo)).toBe('1')
    expect(await through(bob, relay, echo, echo)).toBe('hello')
    expect(await through(bob, relay, count, echo)).toBe('ERR_FAILED')
    // As the owner's proxy it calls what its owner has named, and nothing else.
    expect(await through(bob, owners, count, count)).toBe('3')
    expect(await through(bob, owners, echo, echo)).toBe('ERR_FAILED')
    const shown = await spawn(ada, 'trouble', { policy: { listed: true, methods: { trap: { callers: 'browser' } } } })
    const listed = await bob.evaluate((peer) => glia.listed(peer), adaId)
    expect(listed).toMatchObject([{ pid: shown, name: 'trouble' }])
    expect(listed[0]?.methods).toContain('count')
    expect(listed[0]?.methods).not.toContain('trap')
    const calls = await ada.evaluate((pid) => glia.calls(pid), closed)
    expect(calls.map(({ from, result, onBehalfOf }) => [from, result, onBehalfOf])).toEqual([
      ['process', 'ok', []],
      ['process', 'ok', []],
      ['process', 'ERR_DENIED', [bobId]],
      ['process', 'ok', []],
    ])
    // Across peers: a process of Bob's lets Ada in. What Bob sends through Ada comes back to Bob, who may call his own
    // process.
    const [adas, bobs] = [await spawn(bob, 'trouble', { policy: { callers: [adaId] } }), await addressOf(bob, 'echo')]
    expect(await through(ada, relay, await addressOf(bob, 'count', adas), bobs)).toBe('1')
    expect(await through(bob, relay, await addressOf(bob, 'count', adas), bobs)).toBe('2')
    const [back, there] = await bob.evaluate((pid) => glia.calls(pid), adas)
    expect(there).toMatchObject({ from: 'peer', peer: adaId, onBehalfOf: [] })
    expect(back).toMatchObject({ from: 'peer', peer: adaId, onBehalfOf: [bobId] })
    expect(back?.process).toBe(there?.process)
    expect(JSON.stringify([back, there])).not.toContain(relay)
  })

  withMesh('what a peer lists is shown beneath it, and called from there', async ({ ada, bob }) => {
    await connect(bob, ada, 'direct')
    const adaId = await peerIdOf(ada)
    const [shown] = [await spawn(ada, 'trouble', { policy: { listed: true } }), await spawn(ada, 'trouble')]
    const overHttp = await bob.evaluate(async (peer) => (await fetch(`ww/0.1.0/${peer}/listed`)).json(), adaId)
    expect(overHttp).toMatchObject([{ pid: shown, name: 'trouble' }])
    await bob.getByRole('tab', { name: /Peers/ }).click()
    await bob
      .locator(`[data-peer="${adaId}"]`)
      .getByRole('button', { name: /^Processes of/ })
      .click()
    const processes = bob.getByRole('list', { name: /^Processes of/ })
    await expect(processes.getByRole('button')).toHaveText(['root', /^trouble/])
    await processes.getByRole('button', { name: /^trouble/ }).click()
    const console = bob.getByRole('form', { name: /^trouble of/ })
    await console.getByLabel('Method').fill('count')
    await expect(console).toContainText(`/ww/0.1.0/${adaId}/${shown}/count`)
    await console.getByRole('button', { name: 'Call' }).click()
    await expect(console.getByRole('region', { name: 'Reply' })).toHaveText('1')
    await bob.setViewportSize({ width: 360, height: 640 })
    await expect.poll(() => bob.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})
