import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { connect } from 'node:net'
import { expect } from '@playwright/test'
import { DENIED_FEATURES } from '../src/headers.ts'
import { finished, ownEnv, printedUrl, ROOT, serve, startServer, staticServer, test } from './server.ts'

test('the page opens at the printed address, isolated, under its policy', async ({ page, server }) => {
  expect(new URL(server.url).hostname).toBe('localhost')
  const reply = await page.goto(server.url)
  expect(reply?.headers()['content-security-policy']).toContain("frame-ancestors 'none'")
  // The peer's id comes before it, once there is one.
  await expect(page).toHaveTitle(/Glia$/)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
})

test('the browser gives the page nothing that it does not use', async ({ page, server }) => {
  const said: string[] = []
  page.on('console', (line) => void said.push(line.text()))
  await page.goto(server.url)
  await expect(page).toHaveTitle(/Glia$/)
  const allowed = await page.evaluate(() =>
    (document as unknown as { featurePolicy: { allowedFeatures(): string[] } }).featurePolicy.allowedFeatures(),
  )
  expect(allowed.filter((feature) => (DENIED_FEATURES as readonly string[]).includes(feature))).toEqual([])
  expect(allowed).toEqual(expect.arrayContaining(['clipboard-write', 'cross-origin-isolated']))
  // Chromium has this one on systems other than Linux.
  const misspelt = said.filter((line) => /feature|policy/i.test(line) && !line.includes("'bluetooth'"))
  expect(misspelt).toEqual([])
})

test('a plain static host serves the same files under a sub-path, policy included', async ({ page }) => {
  const host = await staticServer('/glia/')
  try {
    const failed: string[] = []
    page.on('console', (line) => void (line.text().includes('Content Security Policy') && failed.push(line.text())))
    page.on('requestfailed', (request) => failed.push(request.url()))
    page.on('response', (reply) => void (reply.status() >= 400 && failed.push(reply.url())))
    const reply = await page.goto(host.url)
    expect(reply?.headers()['content-security-policy']).toBeUndefined()
    await expect(page.locator('meta[http-equiv=Content-Security-Policy]')).toHaveCount(1)
    await expect(page).toHaveTitle('Glia')
    expect(failed).toEqual([])
  } finally {
    await host.stop()
  }
})

test('--help says what the flags are', async () => {
  const { code, stdout } = await finished(serve(['--help']))
  expect(code).toBe(0)
  for (const flag of [
    '--http PORT',
    '--ws PORT',
    '--tcp PORT',
    '--host IP',
    '--data DIR',
    '--relay ADDR',
    '--dist DIR',
  ]) {
    expect(stdout).toContain(flag)
  }
})

test('GLIA_HTTP and GLIA_HOST are read, and flags win over them', async () => {
  const command = serve(['--http', '0'], { GLIA_HTTP: '80', GLIA_HOST: '127.0.0.1' })
  expect(await printedUrl(command)).toMatch(/^http:\/\/localhost:\d{4,5}\/$/)
  command.kill()
  await once(command, 'close')
})

test('a port that is taken is one clear line and exit code 1', async ({ server }) => {
  const { port } = new URL(server.url)
  expect(await finished(serve(['--http', port]))).toEqual({
    code: 1,
    stdout: '',
    stderr: `Port ${port} of 127.0.0.1 is in use: choose another one with --http PORT (0 = any).\n`,
  })
})

for (const [what, args, words] of [
  ['an unknown flag', ['--prot', '1'], '--prot'],
  ['a word that is no flag', ['3000'], '3000'],
  ['a port that is none', ['--http', '99999'], '99999'],
  ['a flag without its value', ['--http'], '--http'],
  ['a host that is no address', ['--host', 'example.org'], 'example.org'],
  ['an address of another machine', ['--http', '0', '--host', '203.0.113.7'], '203.0.113.7'],
  ['a folder without the app', ['--dist', tmpdir()], 'npm run build'],
  ['a data folder that is a file', ['--http', '0', '--data', 'package.json'], 'package.json'],
  ['a relay that is no multiaddr', ['--relay', 'example.org'], 'example.org'],
] as const) {
  test(`${what} is one clear line and exit code 1`, async () => {
    const { code, stdout, stderr } = await finished(serve(args))
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toContain(words)
  })
}

test('an address that other machines reach is said to be one', async () => {
  const command = serve(['--http', '0', '--host', '0.0.0.0'])
  const ended = finished(command)
  await printedUrl(command)
  command.kill()
  expect((await ended).stdout).toContain('Other machines can reach it')
})

test('SIGTERM and SIGINT end it, also with an open connection', async () => {
  test.skip(process.platform === 'win32', 'Windows has no signals')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const command = serve(['--http', '0'])
    const { port } = new URL(await printedUrl(command))
    const open = connect(Number(port), '127.0.0.1')
    await once(open, 'connect')
    open.on('error', () => undefined)
    open.write('POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n')
    // The request alone would hold the server for a minute, which is longer than this test may take.
    command.kill(signal)
    const [code] = await once(command, 'close')
    expect(code).toBe(0)
    open.destroy()
  }
})

test('the server ends when the npm that started it is told to end', async () => {
  test.skip(process.platform === 'win32', 'Windows has no signals')
  const npm = spawn('npm', ['run', 'serve', '--', '--http', '0'], { cwd: ROOT, env: ownEnv() })
  const url = await printedUrl(npm)
  npm.kill()
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => 'up',
          () => 'down',
        ),
      { timeout: 3000 },
    )
    .toBe('down')
})

test('two servers run side by side on ports of their own', async () => {
  const servers = await Promise.all([startServer(), startServer()])
  expect(new Set(servers.map(({ url }) => url)).size).toBe(2)
  await Promise.all(servers.map((server) => server.stop()))
})
