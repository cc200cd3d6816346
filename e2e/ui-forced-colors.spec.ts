// The page with the colours of the person's system, as in the contrast themes of Windows.
import { expect, type Locator, type Page } from '@playwright/test'
import { call, local, row, spawn, test } from './tab.ts'

test.use({ contextOptions: { forcedColors: 'active', reducedMotion: 'reduce' } })

async function go(tab: Page, hash: string): Promise<void> {
  await tab.evaluate((to) => void (location.hash = to), hash)
}

function styleOf(element: Locator, property: string): Promise<string> {
  return element.evaluate((each, name) => getComputedStyle(each).getPropertyValue(name), property)
}

/** Fails if a text in the row has the colour of what is behind it, or a plate of the browser behind it. */
async function expectReadable(chosen: Locator, other: Locator): Promise<void> {
  const behind = await styleOf(chosen.locator('td').first(), 'background-color')
  expect(behind).not.toBe(await styleOf(other.locator('td').first(), 'background-color'))
  const unreadable = await chosen.evaluate((each) => {
    const behindOf = (element: Element): string => {
      const { backgroundColor } = getComputedStyle(element)
      const isSeen = !backgroundColor.endsWith(', 0)')
      return isSeen || !element.parentElement ? backgroundColor : behindOf(element.parentElement)
    }
    const hasText = (element: Element): boolean =>
      [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== '')
    return [...each.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && hasText(element))
      .filter((element) => {
        const { color, forcedColorAdjust } = getComputedStyle(element)
        const isOnButton = element.closest('.button') !== null
        return color === behindOf(element) || (!isOnButton && forcedColorAdjust !== 'none')
      })
      .map((element) => element.outerHTML)
  })
  expect(unreadable).toEqual([])
}

test('the chosen row of a table can be read, and is another than the rest', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper', { name: 'diary', key: true })
  await call(tab, local(`${pid}:alice`, 'note'), 'x')
  await call(tab, local(`${pid}:bob`, 'note'), 'x')
  await row(tab, 'diary').click()
  await expectReadable(row(tab, 'diary'), row(tab, 'root'))
  // With buttons in the row.
  await go(tab, `#/p/${pid}/keys`)
  await tab.locator('tr[data-key=alice] td').nth(2).click()
  await go(tab, `#/p/${pid}/keys`)
  await expectReadable(tab.locator('tr[data-key=alice]'), tab.locator('tr[data-key=bob]'))
})

test('the tab, the part and the choice that is shown are marked', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await go(tab, `#/p/${pid}/charts`)
  const charts = tab.getByRole('link', { name: 'Charts', exact: true })
  const background = await styleOf(tab.locator('body'), 'background-color')
  for (const [shown, other] of [
    [tab.getByRole('tab', { name: /^Processes/ }), tab.getByRole('tab', { name: /^Peers/ })],
    [charts, tab.getByRole('link', { name: 'Log', exact: true })],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await styleOf(shown, 'border-bottom-color')).not.toBe(background)
    // oxlint-disable-next-line no-await-in-loop
    expect(await styleOf(other, 'border-bottom-color')).toBe(background)
  }
  const [pressed, free] = [
    tab.getByRole('button', { name: '15 minutes', pressed: true }),
    tab.getByRole('button', { name: 'An hour', pressed: false }),
  ]
  const colors = (button: Locator): Promise<string[]> =>
    Promise.all([styleOf(button, 'background-color'), styleOf(button, 'color')])
  const [behind, text] = await colors(pressed)
  expect(behind).not.toBe(text)
  expect(behind).not.toBe((await colors(free))[0])
  await pressed.hover()
  expect(await colors(pressed)).toEqual([behind, text])
})

test('the graph is drawn in colours that differ', async ({ tab }) => {
  await go(tab, '#/graph')
  const canvas = tab.getByRole('application', { name: 'Graph of the mesh' })
  const colors = (): Promise<number> =>
    canvas.evaluate((each) => {
      if (!(each instanceof HTMLCanvasElement)) throw new Error('this is no canvas')
      const pixels = each.getContext('2d')?.getImageData(0, 0, each.width, each.height).data.buffer
      return new Set(new Uint32Array(pixels ?? new ArrayBuffer())).size
    })
  await expect.poll(colors).toBeGreaterThan(2)
})
