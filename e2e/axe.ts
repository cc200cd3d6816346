import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

/** What is wrong with the page for people with a screen reader or weak eyes, by the rules of axe. */
async function faultsOf(page: Page, within: string, rules: string[]): Promise<string[]> {
  // Not a script tag: the policy of the page allows none.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  return page.evaluate(
    async ([selector, values]) => {
      const { violations } = await axe.run(selector, values.length > 0 ? { runOnly: { type: 'rule', values } } : {})
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
      )
    },
    [within, rules] as const,
  )
}

/** The rules about colours. Nothing else differs between the themes. */
const COLORS = ['color-contrast', 'link-in-text-block']

/** Fails with what is wrong, in both themes. @param within The part of the page to look at. */
export async function expectNoFaults(page: Page, within = 'html'): Promise<void> {
  const faults: Record<string, string[]> = {}
  for (const colorScheme of ['light', 'dark'] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one theme after the other
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // oxlint-disable-next-line no-await-in-loop
    faults[colorScheme] = await faultsOf(page, within, colorScheme === 'light' ? [] : COLORS)
  }
  expect(faults).toEqual({ light: [], dark: [] })
}

declare global {
  // The page's own copy, once it was evaluated there.
  var axe: typeof import('axe-core')
}
