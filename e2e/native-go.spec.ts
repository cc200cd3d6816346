import { spawn as run, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { joined, test } from './mesh.ts'
import { readmeExample, rootEcho, tcpOf } from './native.ts'
import { finished, ROOT } from './server.ts'
import { addressOf, call, inState, peerIdOf, spawn } from './tab.ts'

// A native peer: go-libp2p without Glia (clients/go). It also calls as careless programs do.

const MiB = 1024 * 1024
const hasGo = spawnSync('go', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'glia-go-'))
const client = join(folder, 'client')

test.skip(!hasGo, 'Go is not installed here: no client in Go was tried.')
test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  // A machine that has never built them has to compile go-libp2p.
  test.setTimeout(15 * 60_000)
  const source = join(ROOT, 'e2e/clients/go')
  await build(source, client)
  const example = join(folder, 'example')
  await mkdir(example)
  for (const name of ['go.mod', 'go.sum']) await copyFile(join(source, name), join(example, name))
  await writeFile(join(example, 'main.go'), await readmeExample('go'))
  await build(example, join(example, 'call'))
})

async function build(source: string, program: string): Promise<void> {
  const { code, stderr } = await finished(run('go', ['build', '-o', program, '.'], { cwd: source }))
  expect(code, stderr).toBe(0)
}

test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Makes the client call a method in some ways. @throws {Error} with its output if one is not answered as expected. */
async function callFromGo(to: string, address: string, ...ways: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await finished(run(client, ['-to', to, '-call', address, ...ways]))
  expect([code, stderr], stdout).toEqual([0, ''])
}

/** A process in a tab that sends its message back, and has a short deadline. */
async function spawnEcho(tab: Page, deadlineMs: number): Promise<string> {
  return tab.evaluate(async (ms) => {
    const module = await (await fetch('actors/root.wasm')).bytes()
    return glia.spawn(module, { name: 'echo', policy: { deadlineMs: ms } })
  }, deadlineMs)
}

test("README's example in Go sends a message and prints the reply", async ({ server }) => {
  const command = run(join(folder, 'example/call'), [await tcpOf(server), await rootEcho(server)])
  command.stdin.end('hello')
  expect(await finished(command)).toEqual({ code: 0, stdout: 'hello', stderr: '' })
})

test('a client in Go calls the root process of the server: 64 MiB, slowly, cancelled, 1,000 calls', async ({
  server,
}) => {
  await callFromGo(
    await tcpOf(server),
    await rootEcho(server),
    `bulk=${64 * MiB}`,
    `slow=${4 * MiB}`,
    'cancel=10',
    'calls=1000',
    'leave=1',
  )
  const reply = await fetch(new URL('ww/0.1.0/self/root/echo', server.url), { method: 'POST', body: 'hello' })
  expect(await reply.text()).toBe('hello')
})

test('a client in Go calls a tab through the relay, and what it leaves half done holds up nobody', async ({
  server,
  tab,
}) => {
  await joined(tab)
  const to = `${await tcpOf(server)}/p2p-circuit/p2p/${await peerIdOf(tab)}`
  await callFromGo(to, await addressOf(tab, 'echo'), `bulk=${16 * MiB}`, `slow=${2 * MiB}`, 'cancel=5', 'calls=500')
  const pid = await spawnEcho(tab, 1500)
  // Replies that it does not read end at their deadline, while the client is still there.
  await callFromGo(to, await addressOf(tab, 'echo', pid), 'unread=2', 'calls=20', 'leave=2')
  await inState(tab, pid, 'idle')
  expect((await call(tab, await addressOf(tab, 'echo', pid), 'hello')).text).toBe('hello')
  // The output of a program that fails, and then the failure.
  const strict = await spawn(tab, 'trouble')
  await callFromGo(to, await addressOf(tab, 'found', strict), 'exits=10')
  // The policy accepts the code: the output, and no failure.
  const lax = await spawn(tab, 'trouble', { policy: { okExits: [10] } })
  await callFromGo(to, await addressOf(tab, 'found', lax), 'calls=20')
})
