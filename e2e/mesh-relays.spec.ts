import { expect, type Page } from '@playwright/test'
import { joined, linkTo, startRelay, test, visit } from './mesh.ts'
import { staticServer } from './server.ts'
import { addressOf, call, local, peerIdOf, ready } from './tab.ts'

/** The header's words about the mesh. */
function status(page: Page) {
  return page.getByRole('banner').locator('[popovertarget=mesh-explained]')
}

async function callOverGateway(url: string, path: string): Promise<string> {
  const reply = await fetch(new URL(path, url), { method: 'POST', body: 'hello' })
  return `${reply.status} ${await reply.text()}`
}

test('people on two relays that know each other call each other, knowing no more than the peer id', async ({
  browser,
}) => {
  // A page calls over the relay of the called peer, so that relay has to let in the other relay's pages.
  const first = await startRelay('--allow-origin', '*')
  const other = await startRelay('--allow-origin', '*', '--relay', first.tcp)
  const [ada, bob] = await Promise.all([visit(browser, first.url), visit(browser, other.url)])
  try {
    await Promise.all([joined(ada), joined(bob)])
    const [toBob, toAda] = [await addressOf(bob, 'echo'), await addressOf(ada, 'echo')]
    // The relays tell each other of a tab 0.5 to 1 s after its reservation: the call of a newcomer waits for that.
    expect(await call(ada, toBob, 'hello Bob')).toEqual({ text: 'hello Bob' })
    expect(await call(bob, toAda, 'hello Ada')).toEqual({ text: 'hello Ada' })
    // So does curl, at either gateway.
    expect(await callOverGateway(first.url, toBob)).toBe('200 hello')
    expect(await callOverGateway(other.url, toAda)).toBe('200 hello')
  } finally {
    await Promise.all([ada.context().close(), bob.context().close()])
    await Promise.all([first.stop(), other.stop()])
  }
})

test('a relay that is killed and comes back has its people again within ten seconds', async ({ browser }) => {
  const relay = await startRelay()
  const ada = await visit(browser, relay.url)
  try {
    await joined(ada)
    const echo = await addressOf(ada, 'echo')
    expect(await callOverGateway(relay.url, echo)).toBe('200 hello')
    await expect(status(ada)).toHaveText(/^On the mesh/)
    await relay.kill()
    await expect(status(ada)).toHaveText('Offline: relay gone, trying again')
    expect(await call(ada, local('root', 'echo'), 'still here')).toEqual({ text: 'still here' })
    await relay.restart()
    await expect(status(ada)).toHaveText(/^On the mesh/, { timeout: 10_000 })
    expect(await callOverGateway(relay.url, echo)).toBe('200 hello')
  } finally {
    await ada.context().close()
    await relay.stop()
  }
})

test.describe('with no way around the relay', () => {
  test.use({ webRtc: false })

  test('a tab whose network goes says so, and can be called again when it is back', async ({ ada, bob }) => {
    const echo = await addressOf(bob, 'echo')
    expect(await call(ada, echo, 'hello')).toEqual({ text: 'hello' })
    await expect(status(bob)).toHaveText('Relayed only · 1 peer')
    await bob.context().setOffline(true)
    await expect(status(bob)).toHaveText('Offline: no network', { timeout: 15_000 })
    expect(await call(bob, local('root', 'echo'), 'still here')).toEqual({ text: 'still here' })
    await bob.context().setOffline(false)
    await expect(status(bob)).toHaveText(/^(Relayed only|On the mesh)/, { timeout: 15_000 })
    expect(await call(ada, echo, 'hello again')).toEqual({ text: 'hello again' })
  })
})

test('a tab whose relay is out of reach goes on with those that it is connected to', async ({ ada, bob }) => {
  const echo = await addressOf(bob, 'echo')
  expect(await call(ada, echo, 'hello')).toEqual({ text: 'hello' })
  await expect(status(bob)).toHaveText('On the mesh · 1 peer, 1 direct', { timeout: 15_000 })
  // It does not affect WebRTC.
  await bob.context().setOffline(true)
  await expect(status(bob)).toHaveText('No relay · 1 peer, 1 direct', { timeout: 15_000 })
  expect(await call(ada, echo, 'hello')).toEqual({ text: 'hello' })
})

test('who opens a join link elsewhere is on the mesh of who sent it, and calls them', async ({ browser }) => {
  const site = await staticServer('/elsewhere/')
  const relay = await startRelay('--allow-origin', new URL(site.url).origin)
  const ada = await visit(browser, relay.url)
  await joined(ada)
  const link = await ada.evaluate(() => glia.joinLink())
  const guest = await visit(browser, site.url + new URL(link).hash)
  try {
    // Nothing is dialled before the person agrees.
    const consent = guest.getByRole('alertdialog', { name: /^Join the mesh of/ })
    await expect(consent).toContainText(new URL(link).hash.replace(/^.*?ip4\/([^/]+)\/tcp\/(\d+).*$/, '$1:$2'))
    await expect(status(guest)).toHaveText('This browser only')
    await consent.getByRole('button', { name: 'Join' }).click()
    await expect(consent).toBeHidden()
    await joined(guest)
    const [adasId, guestsId] = await Promise.all([peerIdOf(ada), peerIdOf(guest)])
    await expect.poll(() => linkTo(guest, adasId)).toMatch(/^(relayed|direct)$/)
    await expect.poll(() => linkTo(ada, guestsId)).toMatch(/^(relayed|direct)$/)
    await expect(status(guest)).toHaveText(/^On the mesh/)
    expect(await call(guest, await addressOf(ada, 'echo'), 'hello Ada')).toEqual({ text: 'hello Ada' })
    expect(await call(ada, await addressOf(guest, 'echo'), 'welcome')).toEqual({ text: 'welcome' })
  } finally {
    await Promise.all([ada.context().close(), guest.context().close()])
    await relay.stop()
    await site.stop()
  }
})

test('a join link that is not wanted leaves the tab where it is', async ({ ada, page, server }) => {
  const link = await ada.evaluate(() => glia.joinLink())
  const foreign = new URL(link).hash.replace(/\/tcp\/\d+\/ws\/p2p\/[^/]+/, `/tcp/1/ws/p2p/${await peerIdOf(ada)}`)
  await page.goto(server.url + foreign)
  await ready(page)
  await page.getByRole('button', { name: 'Not now' }).click()
  await expect(page.getByRole('alertdialog')).toBeHidden()
  await joined(page)
  expect(await page.evaluate(() => glia.peers().some(({ address }) => address?.includes('/tcp/1/')))).toBe(false)
})

test('who follows a join link to another mesh stays on their own too', async ({ browser, server, ada }) => {
  const other = await startRelay('--allow-origin', new URL(server.url).origin)
  const bob = await visit(browser, other.url)
  try {
    await joined(bob)
    const { hash } = new URL(await bob.evaluate(() => glia.joinLink()))
    await ada.evaluate((text) => void (location.hash = text), hash)
    await ada.getByRole('button', { name: 'Join', exact: true }).click()
    const [toBob, toAda] = [await addressOf(bob, 'echo'), await addressOf(ada, 'echo')]
    await expect.poll(async () => (await call(ada, toBob, 'hello Bob')).text, { timeout: 20_000 }).toBe('hello Bob')
    expect(await callOverGateway(server.url, toAda)).toBe('200 hello')
    expect(await callOverGateway(other.url, toAda)).toBe('200 hello')
  } finally {
    await bob.context().close()
    await other.stop()
  }
})

test('a join link may be given to a tab that is open', async ({ browser }) => {
  const site = await staticServer()
  const relay = await startRelay('--allow-origin', new URL(site.url).origin)
  const ada = await visit(browser, relay.url)
  await joined(ada)
  const guest = await visit(browser, site.url)
  try {
    await expect(status(guest)).toHaveText('This browser only')
    const link = await ada.evaluate(() => glia.joinLink())
    expect(await guest.evaluate((text) => glia.connect(text), link)).toBe(await peerIdOf(ada))
    expect(await call(guest, await addressOf(ada, 'echo'), 'hello Ada')).toEqual({ text: 'hello Ada' })
    await joined(guest)
  } finally {
    await Promise.all([ada.context().close(), guest.context().close()])
    await relay.stop()
    await site.stop()
  }
})

test('a page of another site does not get on the mesh of this machine', async ({ browser, server }) => {
  const site = await staticServer()
  const known = (await (await fetch(new URL('.well-known/glia.json', server.url))).json()) as { relays: string[] }
  const page = await (await browser.newContext()).newPage()
  try {
    await page.goto(site.url)
    const relay = /\/ip4\/([^/]+)\/tcp\/(\d+)/.exec(known.relays[0] ?? '')
    const outcome = await page.evaluate(
      ([config, socket]) =>
        Promise.all([
          fetch(config).then(
            () => 'read',
            () => 'refused',
          ),
          new Promise((resolve) => {
            const opened = new WebSocket(socket)
            opened.onopen = () => resolve('open')
            opened.onerror = () => resolve('refused')
          }),
        ]),
      [new URL('.well-known/glia.json', server.url).href, `ws://${relay?.[1]}:${relay?.[2]}/`] as const,
    )
    expect(outcome).toEqual(['refused', 'refused'])
  } finally {
    await page.context().close()
    await site.stop()
  }
})

for (const [what, hash] of [
  ['is garbage', '#join=garbage'],
  ['names no peer', '#join=/ip4/127.0.0.1/tcp/1/ws'],
] as const) {
  test(`a join link that ${what} is said to be bad, and the tab works all the same`, async ({ page, server }) => {
    await page.goto(server.url + hash)
    await ready(page)
    await expect(page.getByRole('alert')).toContainText('The join link does not work.')
    await expect(page.getByRole('alert')).toContainText('ERR_BAD_ADDRESS')
    expect(await call(page, local('root', 'echo'), 'hello')).toEqual({ text: 'hello' })
    await joined(page)
  })
}
