import { spawn as run, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { joined, test } from './mesh.ts'
import { rootEcho, tcpOf } from './native.ts'
import { finished, ROOT } from './server.ts'
import { addressOf, peerIdOf } from './tab.ts'

// The session in Go, as its specification has it (clients/go-session). Its tests are the program that calls, and is called.

const hasGo = spawnSync('go', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'glia-go-session-'))
const program = join(folder, 'session.test')

test.skip(!hasGo, 'Go is not installed here: no session in Go was tried.')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  // A machine that has never built them has to compile go-libp2p.
  test.setTimeout(15 * 60_000)
  const cwd = join(ROOT, 'e2e/clients/go-session')
  const { code, stdout, stderr } = await finished(run('go', ['test', '-c', '-o', program, './session'], { cwd }))
  expect(code, stdout + stderr).toBe(0)
})

test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts tests of the program. They have the frames of the specification beside them. */
function start(names: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const cwd = join(ROOT, 'e2e/clients/go-session/session')
  return run(program, ['-test.run', `^(${names})$`, '-test.v'], { cwd, env: { ...process.env, ...env } })
}

/** Runs tests of the program. @throws {Error} with its output if one fails or is skipped. */
async function pass(names: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, stdout, stderr } = await finished(start(names, env))
  expect([code, stderr, stdout.includes('--- SKIP')], stdout).toEqual([0, '', false])
}

test('the session in Go reads the frames of the specification, and calls a server of its own', async () => {
  await pass('TestValidVectors|TestInvalidVectorsEndTheSession|TestServerThatBreaksTheProtocol|TestOwnServer')
})

test('it calls the server, and is called through its gateway', async ({ server }) => {
  await pass('TestRealServer|TestRealCaller', {
    GLIA_TO: await tcpOf(server),
    GLIA_ECHO: await rootEcho(server),
    GLIA_HTTP: server.url.replace(/\/$/, ''),
  })
})

test('it calls a tab through the relay', async ({ server, tab }) => {
  await joined(tab)
  await pass('TestRealServer', {
    GLIA_TO: `${await tcpOf(server)}/p2p-circuit/p2p/${await peerIdOf(tab)}`,
    GLIA_ECHO: await addressOf(tab, 'echo'),
    GLIA_BULK: String(8 * 1024 * 1024),
  })
})
