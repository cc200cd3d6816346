import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { WebSocket } from 'ws'
import { type InstalledPackage, installPackage } from './package.ts'
import { ownEnv, printedUrl } from './server.ts'

/** Largest tarball, in bytes. */
const MAX_TARBALL_BYTES = 1_600_000

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
  const sources = glia.files.filter((path) => /\.(node|gyp|c|map|tsx|test\.ts)$/.test(path))
  expect(sources).toEqual([])
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
