import { defineConfig } from '@playwright/test'
import { common } from '../playwright.config.ts'

/** `npm run bench`: one page at a time, nothing else at work. */
export default defineConfig({
  ...common,
  testDir: '.',
  testMatch: 'bench.ts',
  globalSetup: '../build.ts',
  outputDir: '../../test-results',
  workers: 1,
  // A trace would be most of what is measured.
  use: { ...common.use, trace: 'off' },
  reporter: 'line',
  timeout: 900_000,
})
