import { chromium, type Page } from '@playwright/test'
import { build, type Rolldown } from 'vite'
import type { TierName } from '../../src/actors/worker/worker-api.ts'
import { ISOLATION_HEADERS } from '../../src/headers.ts'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import buildApp from '../build.ts'
import { ROOT, startServer } from '../server.ts'
import type { Ran } from './page.ts'
import { readSuite, type SuiteTest } from './suite.ts'

const USAGE = `usage: npm run conformance -- DIR [rings|JSPI|buffered]

DIR is a checkout of https://github.com/WebAssembly/wasi-testsuite, branch prod/testsuite-base. Its tests for WASI preview 1
run in the actor worker of the built app, in Chromium.
`

const TIERS: readonly TierName[] = ['rings', 'JSPI', 'buffered']

/** Longest time of one test, in ms. The slowest takes some tenths of a second. */
const TIMEOUT_MS = 30_000
/** Output of a test that failed that is shown, in UTF-16 units. */
const SHOWN = 2000

/** Runs the tests and says how it went; the last line is as `72/72`. @returns whether all have passed. */
export async function main([checkout, asked = 'rings']: readonly string[]): Promise<boolean> {
  const tier = TIERS.find((name) => name.toLowerCase() === asked.toLowerCase())
  if (checkout === undefined || !tier) {
    process.stderr.write(USAGE)
    return false
  }
  const tests = readSuite(checkout)
  buildApp()
  const server = await startServer()
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  try {
    const page = await browser.newPage()
    await openRunner(page, server.url)
    let passed = 0
    for (const test of tests) {
      const wrong = whatIsWrong(test, await runInPage(page, test, tier))
      if (wrong === undefined) passed += 1
      else process.stdout.write(`FAILED ${test.name}: ${wrong}\n`)
    }
    process.stdout.write(`${passed}/${tests.length}\n`)
    return passed === tests.length
  } finally {
    await browser.close()
    await server.stop()
  }
}

/** A page of the app's origin that has its workers and nothing else of it. */
async function openRunner(page: Page, url: string): Promise<void> {
  const output = await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    publicDir: false,
    build: { write: false, rolldownOptions: { input: `${ROOT}e2e/conformance/page.ts`, output: { format: 'iife' } } },
  })
  const [chunk] = (output as Rolldown.RolldownOutput).output
  await page.route('**/conformance.html', (route) =>
    route.fulfill({ headers: { ...ISOLATION_HEADERS, 'content-type': 'text/html' }, body: '<!doctype html>' }),
  )
  await page.goto(`${url}conformance.html`)
  await page.addScriptTag({ content: chunk.code })
}

async function runInPage(page: Page, { program }: SuiteTest, tier: TierName): Promise<Ran> {
  try {
    return await page.evaluate(([given, io, ms]) => runTest(given, io, ms), [program, tier, TIMEOUT_MS] as const)
  } catch (thrown) {
    return { exitCode: undefined, failure: String(thrown), stdout: '', stderr: '' }
  }
}

/** undefined if nothing is. */
function whatIsWrong({ exitCode, stdout }: SuiteTest, ran: Ran): string | undefined {
  const said = ran.stderr === '' ? '' : `\n${ran.stderr.slice(0, SHOWN)}`
  if (ran.exitCode === undefined) return `${ran.failure}${said}`
  if (ran.exitCode !== exitCode) return `exit code ${ran.exitCode} instead of ${exitCode}${said}`
  if (stdout === undefined || ran.stdout === stdout) return undefined
  return `stdout is ${JSON.stringify(ran.stdout.slice(0, SHOWN))} instead of ${JSON.stringify(stdout)}`
}
