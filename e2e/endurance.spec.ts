import { expect } from '@playwright/test'
import { readCorpus } from './fuzz/corpus.ts'
import { fuzz } from './fuzz/fuzz.ts'
import { test } from './server.ts'
import { soak } from './soak/soak.ts'
import { watchTab } from './watched-tab.ts'

test('modules that are damaged in all ways become processes or are refused in words, and leave nothing behind', async ({
  page,
  server,
}) => {
  const tab = await watchTab(page, server.url)
  const { failures, leaks } = await fuzz(tab, { corpus: await readCorpus(), count: 150, seed: 1 })
  expect(failures.map(({ seed, reason }) => `${seed}: ${reason}`)).toEqual([])
  expect(leaks).toEqual([])
})

test('processes that live, trap and are killed leave nothing behind', async ({ page, server }) => {
  const { deeds, wrong } = await soak(await watchTab(page, server.url), { seed: 1, rounds: 1, roundMs: 4000 })
  expect(wrong).toEqual([])
  expect(deeds.get('spawn')).toBeGreaterThan(0)
})
