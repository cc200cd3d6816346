import { defineConfig } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from './browser.ts'

/** Settings that the bench shares. */
export const common = defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  globalSetup: './build.ts',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: process.env['CI'] === undefined ? 'line' : 'list',
  timeout: 60_000,
  // How long a test waits for an event on a busy machine.
  expect: { timeout: 15_000 },
  use: {
    // A trace doubles the time that calls take: ask for one with --trace on.
    trace: 'off',
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
  },
})

export default defineConfig({
  ...common,
  projects: [
    { name: 'tests', testIgnore: /crowd/ },
    // Twenty browsers take the whole machine, so this runs after everything else, and alone.
    { name: 'crowd', testMatch: /crowd/, dependencies: ['tests'] },
  ],
})
