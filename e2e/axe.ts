import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

/** What is wrong with the page for people with a screen reader or weak eyes, by the rules of axe. */
async function faultsOf(page: Page, within: string): Promise<string[]> {
  // Not a script tag: the policy of the page allows none.
  await page.evaluate(axe.source)
  return page.evaluate(async (selector) => {
    const { violations } = await axe.run(selector)
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    )
  }, within)
}

/** Fails with what is wrong, in both themes. @param within The part of the page to look at. */
export async function expectNoFaults(page: Page, within = 'html'): Promise<void> {
  const faults: Record<string, string[]> = {}
  for (const colorScheme of ['light', 'dark'] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one theme after the other
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // oxlint-disable-next-line no-await-in-loop
    faults[colorScheme] = await faultsOf(page, within)
  }
  expect(faults).toEqual({ light: [], dark: [] })
}

declare global {
  // The page's own copy, once it was evaluated there.
  var axe: typeof import('axe-core')
}
