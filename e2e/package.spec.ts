import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@playwright/test'
import { WebSocket } from 'ws'
import { entriesOf, exampleOf, type InstalledPackage, installPackage, packageSite } from './package.ts'
import { ownEnv, printedUrl, ROOT } from './server.ts'

/**
 * Largest tarball, in bytes. 2.9 MB of them are the compiler of the playground, without which “npx glia” is no way to write
 * an actor. 1 MB is LevelDB for four systems, and 0.4 MB are the pictures of the installed app.
 */
const MAX_TARBALL_BYTES = 6_400_000

const run = promisify(execFile)

let glia: InstalledPackage

test.beforeAll(async () => {
  glia = await installPackage()
})
test.afterAll(() => glia.remove())

test('one small tarball has everything, and brings nothing else', async () => {
  expect(glia.tarballBytes).toBeLessThan(MAX_TARBALL_BYTES)
  expect(glia.said).toContain('added 1 package')
  const installed = await readdir(join(glia.folder, 'node_modules'))
  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['glia'])
  const sources = glia.files.filter((path) => /\.(gyp|c|map|tsx|test\.ts)$/.test(path))
  expect(sources).toEqual([])
  expect(glia.files.some((path) => path.startsWith('dist/assets/compiler-worker-'))).toBe(true)
  const native = glia.files.filter((path) => path.endsWith('.node'))
  expect(native).toContain('dist-node/prebuilds/linux-x64/classic-level.node')
  expect(native.every((path) => path.startsWith('dist-node/prebuilds/'))).toBe(true)
  const about = JSON.parse(await readFile(join(glia.folder, 'node_modules/glia/package.json'), 'utf8')) as object
  for (const field of ['private', 'dependencies', 'optionalDependencies', 'peerDependencies']) {
    expect(about).not.toHaveProperty(field)
  }
  const { scripts } = about as { scripts: Record<string, string> }
  // npm would run these where the package is installed.
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(script)
})

test('“npx glia” serves the page, the API and a relay from any folder', async () => {
  const env = { ...ownEnv(), GLIA_HTTP: '0' }
  const command = spawn('npx', ['--offline', 'glia'], { cwd: glia.folder, env, detached: true })
  try {
    const url = await printedUrl(command)
    expect(await (await fetch(url)).text()).toContain('<title>Glia</title>')
    expect(await (await fetch(`${url}status`)).text()).toMatch(/^ww\/0\.1\.0\/12D3Koo\w+\/\w+$/)
    const reply = await fetch(`${url}ww/0.1.0/self/root/echo`, { method: 'POST', body: 'packed' })
    expect(await reply.text()).toBe('packed')
    const known = (await (await fetch(`${url}.well-known/glia.json`)).json()) as { relays: string[] }
    const [, port] = /^\/(?:ip4|dns4)\/[^/]+\/tcp\/(\d+)\/ws\/p2p\/12D3Koo/.exec(known.relays[0] ?? '') ?? []
    const relay = new WebSocket(`ws://localhost:${port}/`)
    await once(relay, 'open')
    relay.terminate()
  } finally {
    // npx does not pass signals on to what it runs: the group has both.
    if (command.pid !== undefined && command.exitCode === null) {
      process.kill(-command.pid)
      await once(command, 'close')
    }
  }
})

for (const entry of ['glia/node', 'glia/protocol', 'glia/session']) {
  test(`the example of ${entry} runs in Node`, async () => {
    const { code, prints } = await exampleOf(glia, entry)
    const script = join(glia.folder, `${entry.replace('/', '-')}.js`)
    await writeFile(script, code)
    const { stdout } = await run(process.execPath, [script], {
      cwd: glia.folder,
      env: { ...ownEnv(), FORCE_COLOR: '0' },
    })
    expect(prints).not.toBe('')
    expect(stdout).toBe(prints)
  })
}

for (const entry of ['glia', 'glia/protocol', 'glia/session', 'glia/wasi']) {
  test(`the example of ${entry} runs in a page`, async ({ page }) => {
    const { code, prints } = await exampleOf(glia, entry)
    const site = await packageSite(glia, { '/example.js': code })
    try {
      await page.goto(site.url)
      const lines: string[] = []
      page.on('console', (message) => message.type() === 'log' && lines.push(`${message.text()}\n`))
      await page.evaluate((script) => import(/* @vite-ignore */ script), '/example.js')
      await expect.poll(() => lines.join('')).toBe(prints)
      expect(prints).not.toBe('')
    } finally {
      site.stop()
    }
  })
}

test('the example of glia/testing runs the suite with the vitest of its caller', async () => {
  const { code } = await exampleOf(glia, 'glia/testing')
  await symlink(join(ROOT, 'node_modules/vitest'), join(glia.folder, 'node_modules/vitest'))
  await writeFile(join(glia.folder, 'stream.test.js'), code)
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await run(process.execPath, [vitest, 'run', '--root', glia.folder, '--reporter=json'])
  const { success, numPassedTests } = JSON.parse(stdout) as { success: boolean; numPassedTests: number }
  expect(success).toBe(true)
  expect(numPassedTests).toBeGreaterThan(30)
})

for (const moduleResolution of ['bundler', 'nodenext']) {
  test(`tsc accepts a consumer of every entry, strictly, with moduleResolution ${moduleResolution}`, async () => {
    const entries = Object.keys(await entriesOf(glia)).sort()
    expect(entries).toEqual(['glia', 'glia/node', 'glia/protocol', 'glia/session', 'glia/testing', 'glia/wasi'])
    const file = join(glia.folder, `consumer-${moduleResolution}.ts`)
    await writeFile(file, CONSUMER)
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--lib',
      'es2024,dom',
    ]
    const types = ['--types', '', '--target', 'es2024', '--skipLibCheck', 'false']
    const how = [
      '--moduleResolution',
      moduleResolution,
      '--module',
      moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    ]
    const { stdout } = await run(process.execPath, [tsc, ...flags, ...types, ...how, file], { cwd: glia.folder }).catch(
      (thrown: { stdout: string }) => thrown,
    )
    expect(stdout).toBe('')
  })
}

/** Uses something of each entry, with its type. */
const CONSUMER = `
import { createPeer, type GliaPeer, GliaError, type Stream } from 'glia'
import { createPeer as createHeadless, type GliaServer, headersFor, startServer } from 'glia/node'
import { type Address, createHttp, createProc, createRouter, parseAddress, type Proc, Router, streamPair } from 'glia/protocol'
import { Session, type SessionChannel } from 'glia/session'
import { acceptStreams, type StreamCase } from 'glia/testing'
import { runWasi, type WasiRun } from 'glia/wasi'

export const peer: GliaPeer = createPeer({ storage: 'mine', relays: [], signal: AbortSignal.timeout(1) })
export const pid: Promise<string> = peer.spawn(new Uint8Array(), { name: 'mine', policy: { call: 'caller' } })
export const opened: Promise<Stream> = peer.open('/ww/0.1.0/self/root/echo')
export const server: Promise<GliaServer> = startServer({ http: 0 })
export const policy: string | undefined = headersFor('actor.js')['content-security-policy']
export const proc: Proc = createProc({ name: 'echo', methods: { echo: async (message) => message.write(new Uint8Array()) } })
export const headless = createHeadless({ relays: [], procs: [proc] })
export const address: Address = parseAddress('/ww/0.1.0/a/b/c')
export const http = createHttp(createRouter({ procs: [proc] }))
export const code: number | undefined = new GliaError('ERR_NO_PROC', 'none').exitCode
export const [caller] = streamPair(address, { caller: 'browser' })
export const session = (channel: SessionChannel): Session => new Session({ channel, local: 'a', remote: 'b' })
export const ran: Promise<WasiRun> = runWasi(new WebAssembly.Module(new Uint8Array()), { args: ['a'] })
export const cases = (init: StreamCase): void => acceptStreams('mine', init, { describe: {}, expect: {}, test: {} })
export { Router }
`
