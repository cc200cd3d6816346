import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import about from '../../package.json' with { type: 'json' }
import { fromRoot } from '../build/paths.ts'
import { echo, makeProc } from '../glia/test-peer.ts'
import type { MeshNode } from '../mesh/node.ts'
import type { GliaServer } from '../node/server.ts'
import { testServers, type TestServers } from '../node/test-server.ts'
import { startTab } from '../node/test-tab.ts'
import { builtCli, type Result, type TestCli } from './test-cli.ts'

const { proc } = makeProc(() => echo, { policy: { listed: true }, methods: ['run', 'walk'] })

let servers: TestServers
let server: GliaServer
let tab: MeshNode
let cli: TestCli

beforeAll(async () => {
  ;[servers, cli] = await Promise.all([testServers(), builtCli()])
  server = await servers.start()
  const relay = server.relayAddresses.find((address) => address.includes('/ws/')) ?? ''
  tab = await startTab(proc, [relay])
  await vi.waitUntil(() => tab.relays()[0]?.state === 'reserved', { timeout: 30_000 })
})

afterAll(async () => {
  await tab.stop()
  await servers.end()
  await cli.remove()
})

async function ask(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args, '', { GLIA_GATEWAY: server.url })
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

test('“glia id” is the peer id of the gateway', async () => {
  expect(await ask('id')).toBe(`${server.peerId}\n`)
  expect(JSON.parse(await ask('id', '--json'))).toEqual({ ID: server.peerId, Addrs: server.relayAddresses })
})

test('“glia ls” has the address of each method of a peer', async () => {
  const lines = (await ask('ls')).split('\n')
  expect(lines[0]).toMatch(new RegExp(`^/ww/0\\.1\\.0/${server.peerId}/\\w{27,28}/echo\troot$`))
  const start = `/ww/0.1.0/${tab.peerId}/${proc.pid}`
  expect(await ask('ls', tab.peerId)).toBe(`${start}/run\ttested\n${start}/walk\ttested\n`)
  expect(JSON.parse(await ask('ls', '--json', tab.peerId))).toEqual([
    { pid: proc.pid, name: 'tested', methods: ['run', 'walk'] },
  ])
})

test('“glia peers” has the peers of the gateway, and no address of a machine', async () => {
  expect(await ask('peers')).toMatch(new RegExp(`^${tab.peerId}\tdirect\t`))
  const peers = JSON.parse(await ask('peers', '--json')) as object[]
  expect(peers).toEqual([{ id: tab.peerId, link: 'direct', agent: expect.any(String) as string, processes: true }])
})

test('“glia version” is that of the program and that of the gateway', async () => {
  expect(await ask('version')).toBe(`glia\t${about.version}\ngateway\t${about.version}\nprotocol\tww/0.1.0\n`)
  expect(JSON.parse(await ask('version', '--json'))).toEqual({
    version: about.version,
    gateway: { version: about.version, protocol: 'ww/0.1.0' },
  })
})

test('what a peer calls its processes never commands the terminal', async () => {
  const other = createServer(({ url }, response) => {
    const listed = [{ pid: proc.pid, name: 'red \u001b[31m\nline', methods: ['run'] }]
    response.end(JSON.stringify(url === '/info' ? { ID: server.peerId } : listed))
  })
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const gateway = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const { stdout } = await cli.run(['ls', '--gateway', gateway])
  other.close()
  expect(stdout).toBe(`/ww/0.1.0/${server.peerId}/${proc.pid}/run\tred [31mline\n`)
})

test.each([
  ['--help', /--gateway URL|call.*address/s],
  ['-h', /--http PORT/],
  ['--version', new RegExp(`^${about.version}\n$`)],
])('%s answers by itself', async (flag, words) => {
  expect(await cli.run([flag])).toEqual({
    code: 0,
    signal: null,
    stdout: expect.stringMatching(words) as string,
    stderr: '',
  })
})

test.each([
  [['--prot', '1'], /^Unknown option '--prot'\./],
  [['--htp', '1'], /Did you mean --http\?/],
  [['3000'], /^Unknown command '3000'\. Try --help\.$/],
  [['--http'], /^Option '--http <PORT>' argument missing\. Try --help\.$/],
  [['id', 'more'], /Try --help\.$/],
  [['id', '--prot'], /^Unknown option '--prot'\./],
  [['call'], /^Missing required argument 'address'\. Try --help\.$/],
  [['id', '--gateway', 'nonsense'], /^A gateway is an http or https URL, .*not “nonsense”\.$/],
  [['id', '--gateway', 'http://127.0.0.1:1/'], /^ERR_UNREACHABLE: No gateway answers at http:\/\/127\.0\.0\.1:1\/ /],
  [['ls', 'nobody', '--gateway', 'URL'], /^ERR_BAD_ADDRESS: /],
])('%j is one sentence and a failure', async (args, sentence) => {
  const { code, stdout, stderr }: Result = await cli.run(args.map((arg) => (arg === 'URL' ? server.url : arg)))
  expect(code).not.toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^[^\n]+\n$/)
  expect(stderr.trimEnd()).toMatch(sentence)
})

test('before a build, “npm run serve” says what to do, and --help and --version answer', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'glia fresh ü '))
  try {
    for (const path of ['package.json', 'tsconfig.json', 'src'])
      await cp(fromRoot(path), join(fresh, path), { recursive: true })
    await symlink(fromRoot('node_modules'), join(fresh, 'node_modules'))
    const npm = (...args: string[]): Promise<[number, string, string]> =>
      new Promise((resolve) => {
        execFile('npm', ['run', '--silent', ...args], { cwd: fresh }, (err, stdout, stderr) => {
          resolve([Number(err?.code ?? 0), stdout, stderr])
        })
      })
    expect(await npm('serve')).toEqual([1, '', expect.stringMatching(/^There is no build yet: [^\n]+\n$/)])
    expect(await npm('start', '--', '--version')).toEqual([0, `${about.version}\n`, ''])
    expect(await npm('serve', '--', '--help')).toEqual([0, expect.stringContaining('--http PORT'), ''])
  } finally {
    await rm(fresh, { recursive: true })
  }
})
