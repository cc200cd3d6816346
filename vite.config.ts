import { defineConfig } from 'vitest/config'
import { app } from './src/build/app.ts'
import { compiledAtOnce } from './src/build/compiled-at-once.ts'
import { dev } from './src/build/dev.ts'
import { drawFirstPicture } from './src/build/draw-first-picture.ts'
import { pageCsp } from './src/build/page-csp.ts'
import { refresh } from './src/build/refresh.ts'
import { singleCopies } from './src/build/single-copies.ts'
import { ISOLATION_HEADERS } from './src/headers.ts'

/** The repository as src/build/run.mjs shows it; undefined: as it is. */
const linkedRoot = process.env['GLIA_ROOT']

const FIRST_SHARED =
  /\/src\/glia\/(?:address|cancel|chain-name|counted|errors|heads|loaded-once|peer-id|pid|remembered|sync-sha256|untrusted|version|process\/(?:actor|admit|callers|call-targets|exit|proc-message)|stream\/concat|wait\/(?:backoff|deadline|or-aborted|turns|unless-over|wait))\.ts$|\/multiformats\/dist\/src\/(?:bytes|vendor\/base-x|bases\/base|bases\/base58)\.js$/

export default defineConfig({
  ...(linkedRoot !== undefined && { root: linkedRoot, resolve: { preserveSymlinks: true } }),
  // The same files work at / and under any sub-path of a static host.
  base: './',
  // An address that is no file is a 404, as on the server: the HTTP API must never be answered with the page.
  appType: 'mpa',
  plugins: [app(), compiledAtOnce(), dev(), refresh(), drawFirstPicture(), pageCsp(), singleCopies()],
  // Not the pages of src/examples: they import the package by its name.
  optimizeDeps: { entries: 'index.html' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The compiler of the playground waits at its top level, which classic scripts cannot.
  worker: { format: 'es' },
  server: { headers: ISOLATION_HEADERS },
  build: {
    target: 'es2024',
    // The policy of the page has no place for inlined files, and every browser it needs has module preload.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    // src/build/budgets.ts measures what ships.
    chunkSizeWarningLimit: 1000,
    // Most of the time goes into buildStart and closeBundle, and is meant to.
    rolldownOptions: {
      checks: { pluginTimings: false },
      // Every first call needs these, and so do most chunks that load later. Left alone they are nine small files, each
      // compressed by itself and each an entry of the service worker's list.
      output: { codeSplitting: { groups: [{ name: 'glia', test: FIRST_SHARED }] } },
    },
  },
  test: {
    include: ['src/**/*.test.ts', 'workers/**/*.test.ts'],
    environment: 'node',
    setupFiles: ['src/node/polyfill.ts'],
    maxWorkers: '100%',
    // Compiling a guest takes seconds where the machine is busy, and so may all that a test waits for.
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
})
