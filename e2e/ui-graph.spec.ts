import { expect, type Locator, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { connect, test } from './mesh.ts'
import { addressOf, call, local, peerIdOf, spawn } from './tab.ts'

/** The rows of the graph's table, which screen readers have beside the canvas. */
function rows(tab: Page, text: string): Locator {
  return tab.getByRole('table', { name: 'The mesh as a table' }).getByRole('row').filter({ hasText: text })
}

/** The end of an id, as every short form shows it. */
const endOf = (id: string): string => id.slice(-4)

async function go(tab: Page, hash: string): Promise<void> {
  await tab.evaluate((to) => void (location.hash = to), hash)
}

const graphOf = (tab: Page): Locator => tab.getByRole('application', { name: 'Graph of the mesh' })
const pulses = async (tab: Page): Promise<number> => Number(await graphOf(tab).getAttribute('data-pulses'))

/** Chooses a node in the table, and tells where it is on the canvas. */
async function placeOf(tab: Page, name: string): Promise<{ x: number; y: number }> {
  await tab.getByRole('button', { name: 'Table' }).click()
  await rows(tab, name).getByText('process').first().click()
  await tab.getByRole('button', { name: 'Table' }).click()
  const card = tab.locator('.graph-card')
  await expect(card).toContainText(name)
  const [x = NaN, y = NaN] = ((await card.getAttribute('data-about')) ?? '').split(' ').map(Number)
  return { x, y }
}

test('the graph shows peers, processes and calls, and leads to their pages', async ({ ada, bob, server }) => {
  const [watched, diary] = [await spawn(ada, 'trouble'), await spawn(ada, 'diary')]
  await ada.evaluate(
    async ([by, of]) => {
      await glia.watch(by, of, 'note')
      await glia.link(by, of)
    },
    [diary, watched] as const,
  )
  const bobsId = await peerIdOf(bob)
  await go(ada, '#/graph')
  await expect(graphOf(ada)).toBeVisible()
  const { ID: relayId } = (await (await fetch(new URL('info', server.url))).json()) as { ID: string }
  await expect(rows(ada, endOf(relayId)).first()).toContainText(/relay.*WebSocket: Latency/)
  await expect(rows(ada, 'diary').filter({ hasText: 'watches trouble in note' })).toContainText('linked with trouble')
  await expect(ada.getByText(/2 watches and links$/)).toBeVisible()

  await test.step('a call makes a pulse, here and from another peer', async () => {
    const before = await pulses(ada)
    await call(ada, local(watched, 'count'))
    await expect.poll(() => pulses(ada)).toBeGreaterThan(before)
    const then = await pulses(ada)
    await connect(bob, ada, 'direct')
    await call(bob, await addressOf(ada, 'count', watched))
    await expect.poll(() => pulses(ada)).toBeGreaterThan(then)
    await expect(rows(ada, endOf(bobsId)).first()).toContainText(/direct.*WebRTC: Latency .*In .*Out /)
  })

  await test.step('a call to another peer shows the process that was called', async () => {
    await call(ada, await addressOf(bob, 'echo'), 'hello')
    await expect(rows(ada, 'process of a peer')).toContainText('Calls from here 1')
  })

  await test.step('a click and Enter lead to the page of a process', async () => {
    await graphOf(ada).click({ position: await placeOf(ada, 'trouble') })
    await expect(ada).toHaveURL(new RegExp(`#/p/${watched}$`))
    await ada.goBack()
    await graphOf(ada).focus()
    await ada.keyboard.press('Home')
    await expect(ada.locator('.graph-card')).toContainText('This tab')
    const keys = ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']
    for (const key of keys) {
      // oxlint-disable-next-line no-await-in-loop -- one key after the other
      await ada.keyboard.press(key)
    }
    await expect(ada.locator('.graph-card a')).toHaveAttribute('href', /#\/(p|peers|processes)/)
    const href = await ada.locator('.graph-card a').getAttribute('href')
    await graphOf(ada).focus()
    await ada.keyboard.press('Enter')
    await expect(ada).toHaveURL((url) => url.hash === href)
  })

  await test.step('nothing is drawn when the view is left', async () => {
    await ada.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D
      Object.assign(globalThis, { draws: 0 })
      prototype.setTransform = new Proxy(prototype.setTransform, {
        apply(setTransform, context, given) {
          ;(globalThis as unknown as { draws: number }).draws += 1
          Reflect.apply(setTransform, context, given)
        },
      })
    })
    const draws = (): Promise<number> => ada.evaluate(() => (globalThis as unknown as { draws: number }).draws)
    await go(ada, '#/graph')
    await expect.poll(draws).toBeGreaterThan(0)
    await call(ada, local(watched, 'count'))
    await go(ada, '#/peers')
    await expect(ada.getByLabel('Connect to a multiaddr')).toBeVisible()
    const before = await draws()
    await call(ada, local(watched, 'count'))
    await ada.evaluate(async () => {
      for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame)
    })
    expect(await draws()).toBe(before)
    await go(ada, '#/graph')
    await expect.poll(draws).toBeGreaterThan(before)
  })

  await test.step('a peer that has left goes', async () => {
    await bob.close()
    await expect(rows(ada, endOf(bobsId))).toHaveCount(0)
  })

  await test.step('axe finds nothing, as a graph and as a table, at both sizes', async () => {
    for (const size of [
      { width: 360, height: 740 },
      { width: 1280, height: 800 },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one size after the other
      await ada.setViewportSize(size)
      // oxlint-disable-next-line no-await-in-loop
      expect(await ada.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      // oxlint-disable-next-line no-await-in-loop
      await expectNoFaults(ada, 'main')
    }
    await ada.getByRole('button', { name: 'Table' }).click()
    await expect(rows(ada, 'watches trouble in note')).toBeVisible()
    await expectNoFaults(ada, 'main')
    await ada.setViewportSize({ width: 360, height: 740 })
    const cut = (heads: Element[]) => heads.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length
    await expect(ada.locator('.rows th').last()).toHaveText('Connections and ties')
    expect(await ada.locator('.rows th').evaluateAll(cut)).toBe(0)
  })
})
