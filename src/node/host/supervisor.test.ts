import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { rustSupervisor } from '../../../e2e/guests/rust-guest.ts'
import { clangVersion, compileC } from '../../build/clang.ts'
import { fromRoot } from '../../build/paths.ts'
import { TOKEN_FILE } from '../data/owner-token.ts'
import type { GliaServer } from '../server.ts'
import { testServers, type TestServers } from '../test-server.ts'

const LANGUAGES = ['C', 'Rust'] as const

let servers: TestServers
let worker: Uint8Array
let supervisors: Record<(typeof LANGUAGES)[number], Uint8Array | undefined>

beforeAll(async () => {
  const inC = async (): Promise<Uint8Array | undefined> =>
    (await clangVersion()) === undefined
      ? undefined
      : compileC(fromRoot('src/examples/supervisor.c'), { command: false })
  supervisors = { C: await inC(), Rust: await rustSupervisor() }
  worker = await guest('trouble')
  servers = await testServers()
})
afterAll(() => servers.end())

/** The module of the supervisor. Without a compiler the test is skipped, and says so. */
function compiled(language: (typeof LANGUAGES)[number], skip: (note: string) => never): Uint8Array {
  return supervisors[language] ?? skip(`There is no compiler for ${language} here.`)
}

/** A host with a supervisor. */
async function start(supervisor: Uint8Array, env: Record<string, string>) {
  const data = await servers.newFolder()
  const server = await servers.start({ actors: true, data })
  const token = (await readFile(join(data, TOKEN_FILE), 'utf8')).trim()
  const order = async (
    method: string,
    head: object,
    body: Uint8Array = new Uint8Array(),
  ): Promise<Record<string, unknown>> => {
    const message = Buffer.concat([Buffer.from(`${JSON.stringify({ token, ...head })}\n`), body])
    const reply = await post(server, 'sys', method, message)
    return JSON.parse(await reply.text()) as Record<string, unknown>
  }
  const { pid } = await order(
    'spawn',
    { name: 'supervisor', env, policy: { spawn: true, memory: 'resident' } },
    supervisor,
  )
  const call = async (to: unknown, method: string, message: Uint8Array | string = ''): Promise<string> =>
    (await post(server, String(to), method, message)).text()
  /** The order of the owner: strangers, as the gateway is one, may not have processes made. */
  const send = (method: string, message: Uint8Array | string = ''): Promise<string> => call(pid, method, message)
  await order('policy', { pid, policy: { call: 'owner' } })
  return { server, order, call, send, pid }
}

function post(server: GliaServer, to: string, method: string, body: Uint8Array | string): Promise<Response> {
  return fetch(new URL(`ww/0.1.0/self/${to}/${method}`, server.url), { method: 'POST', body: Buffer.from(body) })
}

/** The lines of a reply, by their words. */
const rows = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))

test.for(LANGUAGES)(
  'in %s, it starts three workers, and each again that ends, under its PID',
  async (language, { skip }) => {
    const { call, send, order, pid } = await start(compiled(language, skip), { PERIOD_SECONDS: '3600' })
    const pids = rows(await send('start', worker)).flat()
    expect(pids).toHaveLength(3)
    expect(rows(await send('children'))).toEqual(pids.map((each) => [each, '0']))
    const [first = '', second = '', third = ''] = pids
    for (const each of pids) expect(await call(each, 'count')).toBe('1')
    expect(await call(first, 'trap')).toContain('ERR_TRAPPED')
    await expect.poll(() => send('children')).toContain(`${first} 1`)
    // Its memory is kept, as that of all actors of a host: as of the last message, or a little before.
    expect(await call(first, 'count')).toMatch(/^[12]$/)
    // One for one: the others go on.
    expect([await call(second, 'count'), await call(third, 'count')]).toEqual(['2', '2'])
    // One that is killed is replaced by another one.
    await order('kill', { pid: third })
    await expect.poll(async () => rows(await send('children'))[2]?.[1]).toBe('1')
    const [, , [other = ''] = []] = rows(await send('children'))
    expect(other).not.toBe(third)
    expect(await call(other, 'count')).toBe('1')
    expect(await send('start', worker)).toContain('ERR_FAILED')
    // Its workers end with it.
    await order('kill', { pid })
    expect((await order('list', {}))['processes']).toHaveLength(1)
  },
)

test.for(LANGUAGES)('in %s, it ends its workers and itself when they end too often', async (language, { skip }) => {
  const { call, send, order, pid } = await start(compiled(language, skip), {
    MAX_RESTARTS: '2',
    PERIOD_SECONDS: '3600',
    WORKERS: '2',
  })
  const [first, second] = rows(await send('start', worker)).flat()
  for (const each of [first, second]) {
    await call(each, 'trap')
    await expect.poll(() => send('children')).toContain(`${each} 1`)
  }
  await call(first, 'trap')
  await expect.poll(async () => (await order('list', {}))['processes']).toHaveLength(2)
  const lines = async (): Promise<string> => JSON.stringify((await order('logs', { pid }))['lines'])
  await expect.poll(lines).toContain('exited with code 1')
  expect(await lines()).toContain('too many restarts')
  // It knows none of them any more, and its owner starts it again.
  expect(await send('children')).toBe('')
  expect(rows(await send('start', worker)).flat()).toHaveLength(2)
})
