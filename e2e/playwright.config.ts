import { defineConfig } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from './browser.ts'

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results',
  globalSetup: './build.ts',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: process.env['CI'] === undefined ? 'line' : 'list',
  timeout: 60_000,
  use: {
    // A trace doubles the time that calls take: ask for one with --trace on.
    trace: 'off',
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
  },
})
