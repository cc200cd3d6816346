import { expect, type Locator, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { ready, row, test } from './tab.ts'

function tour(tab: Page): Locator {
  return tab.getByRole('region', { name: /^Tour/ })
}

async function atStep(tab: Page, step: number, title: string): Promise<void> {
  await expect(tab.getByRole('region', { name: `Tour, step ${step} of 5` })).toContainText(title)
}

/** Whether a ring is drawn around something that is not beneath the card. */
async function expectRing(tab: Page, control: Locator): Promise<void> {
  await expect(control.first()).toHaveCSS('outline-width', '3px')
  const isBeside = async (): Promise<boolean> => {
    const [ring, card] = [await control.first().boundingBox(), await tour(tab).boundingBox()]
    return ring !== null && card !== null && (ring.y + ring.height <= card.y || ring.x >= card.x + card.width)
  }
  await expect.poll(isBeside).toBe(true)
}

test('a newcomer takes the tour by doing its steps, leaves it and goes on, with a mouse', async ({ tab }) => {
  await tab.setViewportSize({ width: 1280, height: 800 })
  await expectNoFaults(tab)
  await tab.getByRole('button', { name: 'Take the tour' }).click()
  await atStep(tab, 1, 'Start an actor')
  await expect(tour(tab)).toBeFocused()
  await expectRing(tab, tab.locator('.bundled'))
  await tab.getByRole('button', { name: 'counter', exact: true }).click()

  await atStep(tab, 2, 'Call it')
  await expectRing(tab, tab.getByRole('button', { name: 'Call', exact: true }))
  await tab.reload()
  await ready(tab)
  await atStep(tab, 2, 'Call it')
  await tour(tab).getByRole('button', { name: 'Show me' }).click()
  await row(tab, 'counter').click()
  await tab.getByRole('textbox', { name: 'Message' }).fill('5')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()

  await atStep(tab, 3, 'See the call')
  await expectRing(tab, tab.getByRole('tab', { name: 'Calls' }))
  await tour(tab).getByRole('button', { name: 'Leave the tour' }).click()
  await expect(tour(tab)).toHaveCount(0)
  await tab.keyboard.press('Control+k')
  const commands = tab.getByRole('dialog', { name: 'Commands' })
  await commands.getByRole('combobox').fill('tour')
  await expect(commands.getByRole('option')).toHaveText(['Go on with the tour, step 3 of 5'])
  await tab.keyboard.press('Enter')
  await expect(tour(tab)).toBeFocused()
  await tab.getByRole('tab', { name: 'Calls' }).click()
  await tab.getByRole('link', { name: /counter.*increment/ }).click()

  await atStep(tab, 4, 'Share it')
  await tour(tab).getByRole('button', { name: 'Show me' }).click()
  await expect(tab.getByRole('button', { name: 'Share', exact: true })).toBeFocused()
  await expectRing(tab, tab.getByRole('button', { name: 'Share', exact: true }))
  await tab.keyboard.press('Enter')
  await expect(tab.getByRole('dialog', { name: 'Share counter' })).toBeVisible()
  await tab.keyboard.press('Escape')

  await atStep(tab, 5, 'See who is there')
  await tab.getByRole('tab', { name: 'Graph' }).click()
  await expect(tour(tab)).toContainText('That was all.')
  await tour(tab).getByRole('button', { name: 'Close' }).click()
  await expect(tour(tab)).toHaveCount(0)
  await tab.getByRole('tab', { name: /Processes/ }).click()
  await expect(row(tab, 'counter')).toBeVisible()
  await expect(tab.getByRole('button', { name: 'Take the tour' })).toHaveCount(0)
  await tab.getByRole('tab', { name: 'Settings' }).click()
  await tab.getByRole('button', { name: 'Take the tour' }).click()
  await atStep(tab, 1, 'Start an actor')
})

test('the tour is taken with the keyboard alone, on a small screen', async ({ tab }) => {
  await tab.setViewportSize({ width: 360, height: 740 })
  const showMe = async (): Promise<void> => {
    await tour(tab).getByRole('button', { name: 'Show me' }).focus()
    await tab.keyboard.press('Enter')
  }
  await tab.getByRole('button', { name: 'Take the tour' }).focus()
  await tab.keyboard.press('Enter')
  await atStep(tab, 1, 'Start an actor')
  await expectNoFaults(tab)
  await showMe()
  await expectRing(tab, tab.locator('.bundled'))
  await tab.keyboard.press('Enter')
  await atStep(tab, 2, 'Call it')
  await showMe()
  const message = tab.getByRole('textbox', { name: 'Message' })
  await expect(message).toBeFocused()
  await expectRing(tab, message)
  await tab.keyboard.type('5')
  await tab.keyboard.press('Control+Enter')
  await atStep(tab, 3, 'See the call')
  await showMe()
  await expect(tab.getByRole('link', { name: /increment/ })).toBeFocused()
  await tab.keyboard.press('Enter')
  await atStep(tab, 4, 'Share it')
  expect(await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await tour(tab).getByRole('button', { name: 'Skip this step' }).focus()
  await tab.keyboard.press('Enter')
  await atStep(tab, 5, 'See who is there')
  await tab.keyboard.press('Escape')
  await expect(tour(tab)).toHaveCount(0)
})

test('who does not want the tour is asked once', async ({ tab }) => {
  await tab.getByRole('button', { name: 'No, thanks' }).click()
  await expect(tab.getByRole('button', { name: 'Take the tour' })).toHaveCount(0)
  await tab.reload()
  await ready(tab)
  await expect(tab.getByRole('button', { name: 'counter', exact: true })).toBeVisible()
  await expect(tab.getByRole('button', { name: 'Take the tour' })).toHaveCount(0)
})
