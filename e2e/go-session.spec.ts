import { spawn as run, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from '@playwright/test'
import { joined, test } from './mesh.ts'
import { rootEcho, tcpOf } from './native.ts'
import { finished, ROOT } from './server.ts'
import { addressOf, peerIdOf } from './tab.ts'

// The session in Go, as its specification has it (clients/go-session). Its tests are the program that calls, and is called.

const hasGo = spawnSync('go', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'glia-go-session-'))
const program = join(folder, 'session.test')
const NO_PID = '1'.repeat(20)

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
    GLIA_BULK: String(4 * 1024 * 1024),
  })
})

test('a tab calls it through the relay: replies, failures, a deadline, a cancel, 64 at once, 1 MiB', async ({
  server,
  tab,
}) => {
  await joined(tab)
  const peer = start('TestServe', { GLIA_RELAY: await tcpOf(server) })
  const closed = once(peer, 'close')
  try {
    const lines = createInterface({ input: peer.stdout ?? process.stdin })
    let id: string | undefined
    for await (const line of lines) {
      id = /^serves as (\w+)$/.exec(line)?.[1]
      if (id !== undefined) break
    }
    const seen = await tab.evaluate(async (base) => {
      const text = (reply: Uint8Array): string => new TextDecoder().decode(reply)
      const codeOf = async (reply: Promise<Uint8Array>): Promise<unknown> =>
        reply.then(text, ({ code, exitCode, reply: output }) => [code, exitCode, output && text(output)])
      const call = (method: string, body?: string | Uint8Array, options?: object): Promise<Uint8Array> =>
        glia.call(`${base}/${method}`, body, options)
      // The way to the peer is there before calls are given up.
      const hello = text(await call('echo', 'hello'))
      const bulk = tools.pattern(1024 * 1024)
      const giveUp = new AbortController()
      setTimeout(() => giveUp.abort(), 200)
      const limits = [call('wait', 'x', { deadlineMs: 300 }), call('wait', 'x', { signal: giveUp.signal })]
      const many = Array.from({ length: 64 }, (_, i) => call('echo', `call ${i}`).then(text))
      return {
        hello,
        bulk: tools.isPattern(await call('echo', bulk)),
        many: (await Promise.all(many)).every((reply, i) => reply === `call ${i}`),
        limits: await Promise.all(limits.map(codeOf)),
        nothing: await codeOf(call('nothing')),
        later: await codeOf(call('new')),
        exit: await codeOf(call('exit', 'output')),
        accepted: await codeOf(call('accepted')),
        enough: await codeOf(call('enough', bulk)),
      }
    }, `/ww/0.1.0/${id}/${NO_PID}`)
    expect(seen).toEqual({
      hello: 'hello',
      bulk: true,
      many: true,
      limits: [
        ['ERR_DEADLINE', undefined, undefined],
        ['ERR_ABORTED', undefined, undefined],
      ],
      nothing: ['ERR_NO_METHOD', undefined, undefined],
      later: ['ERR_INTERNAL', undefined, undefined],
      exit: ['ERR_EXITED', 3, 'output'],
      accepted: '',
      enough: expect.any(String) as unknown,
    })
    // The server saw the end of both calls that were given up.
    const waited = (): Promise<string> =>
      tab.evaluate(async (to) => new TextDecoder().decode(await glia.call(to)), `/ww/0.1.0/${id}/${NO_PID}/waited`)
    await expect.poll(waited).toBe('2')
  } finally {
    peer.stdin?.end()
    await closed
  }
})
