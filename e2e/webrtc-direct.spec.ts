import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from '@playwright/test'
import { test, visit } from './mesh.ts'
import { finished, ROOT, staticServer } from './server.ts'
import { call } from './tab.ts'

// A native peer that listens for WebRTC: go-libp2p, clients/go/listen.

const hasGo = spawnSync('go', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'glia-go-listen-'))
const program = join(folder, 'listen')

test.skip(!hasGo, 'Go is not installed here: no native peer that listens for WebRTC was tried.')

test.beforeAll(async () => {
  // A machine that never built it has to compile go-libp2p.
  test.setTimeout(15 * 60_000)
  const build = spawn('go', ['build', '-o', program, './listen'], { cwd: join(ROOT, 'e2e/clients/go') })
  const { code, stderr } = await finished(build)
  expect(code, stderr).toBe(0)
})

test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a tab that knows no relay calls a native peer directly, by WebRTC', async ({ browser }) => {
  const native = spawn(program)
  const site = await staticServer()
  const page = await visit(browser, site.url)
  try {
    const [address] = (await once(createInterface(native.stdout), 'line')) as [string]
    expect(address).toContain('/webrtc-direct/certhash/')
    const peerId = await page.evaluate((text) => glia.connect(text), address)
    expect(await page.evaluate((id) => glia.peers().find((peer) => peer.peerId === id)?.link, peerId)).toBe('direct')
    const echo = `/ww/0.1.0/${peerId}/${'1'.repeat(20)}/echo`
    expect(await call(page, echo, 'hello')).toEqual({ text: 'hello' })
    const bytes = 4 * 1024 * 1024
    expect(await page.evaluate(([to, size]) => tools.echo(to, size), [echo, bytes] as const)).toBe(bytes)
  } finally {
    native.stdin.end()
    await page.context().close()
    await site.stop()
  }
})
