import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { execFile, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
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
import { builtCli, ended, type Result, type TestCli } from './test-cli.ts'

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
  expect(stdout).toBe(`/ww/0.1.0/${server.peerId}/${proc.pid}/run\tred [31m line\n`)
})

/** What something that is no gateway answers, whatever is asked. */
const NONSENSE = {
  'a web page': answer('<h1>Welcome', 'content-type: text/html'),
  'a number': answer('42', 'content-type: application/json'),
  'a list of nonsense': answer('[1, null, {}]', 'content-type: application/json'),
  'an object without its fields': answer('{}', 'content-type: application/json'),
  nothing: answer(''),
  'another protocol': 'SSH-2.0-OpenSSH_9\r\n',
  'another protocol in HTTP': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
}

function answer(body: string, header = 'server: something'): string {
  return `HTTP/1.1 200 OK\r\n${header}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Something that listens like a gateway, and answers each request with this. */
async function impostor(said: string): Promise<{ url: string; heard: () => string; stop(): void }> {
  let heard = ''
  const listener = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => (heard += String(chunk)))
    socket.once('data', () => socket.write(said))
    if (!said.startsWith('HTTP')) socket.once('data', () => socket.end())
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, heard: () => heard, stop: () => void listener.close() }
}

test.each(Object.entries(NONSENSE))('%s in place of a gateway is one sentence', async (_, said) => {
  const other = await impostor(said)
  const commands = [['id'], ['id', '--json'], ['ls'], ['ls', tab.peerId], ['peers'], ['peers', '--json'], ['version']]
  // Of a list, what is no process is left out.
  if (said.includes('[')) commands.splice(3, 1)
  const calls = [...commands, ['version', '--json'], ['call', '/ww/0.1.0/self/root/echo']]
  const results = await Promise.all(calls.map((args) => cli.run([...args, '--gateway', other.url])))
  other.stop()
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    const name = calls[index]?.join(' ')
    // An empty list is one.
    expect.soft([name, code]).toEqual([name, 125])
    expect.soft([name, stdout]).toEqual([name, name === 'version' ? `glia\t${about.version}\n` : ''])
    expect.soft(stderr).toMatch(/^(?:\{.*\}|ERR_(?:UNREACHABLE|RESET): [^\n]+\.)\n$/)
  }
})

test('a gateway may have a path, and a password, which is not shown', async () => {
  const other = await impostor(answer('nothing'))
  const { port } = new URL(other.url)
  const { stderr } = await cli.run(['id'], '', { GLIA_GATEWAY: `http://me:secret@127.0.0.1:${port}//a/b/?c#d` })
  other.stop()
  const [line, ...headers] = other.heard().trim().split('\r\n')
  expect(line).toBe('GET //a/b/info HTTP/1.1')
  expect(headers.map((header) => header.toLowerCase())).toContain(
    `authorization: basic ${btoa('me:secret')}`.toLowerCase(),
  )
  expect(stderr).toContain(`http://127.0.0.1:${port}//a/b/ `)
  expect(stderr).not.toContain('secret')
})

test.each(['ls | true; exit ${PIPESTATUS[0]}', '--help | true; exit ${PIPESTATUS[0]}'])(
  'a reader that stops ends “glia %s” without a word',
  async (how) => {
    const script = `"${process.execPath}" "${cli.path}" ${how}`
    const child = spawn('bash', ['-c', script], { env: { ...process.env, GLIA_GATEWAY: server.url } })
    const { stderr, code } = await ended(child)
    expect(stderr).toBe('')
    // It may have written before the reader was gone.
    expect([0, 141]).toContain(code)
  },
)

const PORTS = ['--http', '0', '--ws', '0', '--tcp', '0']

test('a log that nobody reads any more ends the server, and gives its data folder back', async () => {
  const data = await servers.newFolder()
  const child = cli.start([...PORTS, '--dist', servers.dist, '--data', data, '--log', 'json', '--access-log'])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  child.stdout.destroy()
  const end = once(child, 'close')
  // The line of this request finds out.
  await fetch(new URL('/healthz', url))
  expect(await end).toEqual([0, null])
  expect(await readdir(data)).not.toContain('lock')
})

test('a full disk under its log does not end the server', async () => {
  const data = await servers.newFolder()
  const other = await servers.start()
  const flags = [...PORTS, '--dist', servers.dist, '--data', data, '--relay', other.relayAddresses[0] ?? '']
  const command = [process.execPath, cli.path, ...flags]
  const child = spawn('bash', ['-c', 'exec "$@" > /dev/full', 'bash', ...command])
  // It joins the other, long after its first line.
  const joined = async (): Promise<unknown> => (await fetch(new URL('/peers', other.url))).json()
  await expect.poll(joined, { timeout: 20_000 }).toHaveLength(1)
  expect(child.exitCode).toBeNull()
  const end = once(child, 'close')
  child.kill()
  expect(await end).toEqual([0, null])
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

test.each(['serve', 'call', 'ls', 'peers', 'id', 'version'])(
  '“glia %s --help” tells each default once',
  async (verb) => {
    const { code, stdout } = await cli.run([verb, '--help'])
    const options = stdout.split(/\n {2}(?=-)/)
    expect([code, options.filter((option) => option.split('(default').length > 2)]).toEqual([0, []])
  },
)

test.each([
  [['--prot', '1'], /^Unknown option '--prot'\./],
  [['--htp', '1'], /Did you mean --http\?/],
  [['3000'], /^Unknown command '3000'\. Try --help\.$/],
  [['--http'], /^Option '--http <PORT>' argument missing\. Try --help\.$/],
  [['cal', '/ww/0.1.0/self/root/echo'], /^Unknown command 'cal'\. Try --help\.$/],
  [['help', 'cal'], /^Unknown command 'cal'\. Try --help\.$/],
  [['id', 'more'], /Try --help\.$/],
  [['--data', ''], /^--data takes the path of a folder, not ""\.$/],
  [
    ['--http', '0', '--dist', 'DIST', '--data', '/dev/null/x'],
    / cannot be used: there is a file where a folder should be\.$/,
  ],
  [['id', '--prot'], /^Unknown option '--prot'\./],
  [['call'], /^Missing required argument 'address'\. Try --help\.$/],
  [['id', '--gateway', 'nonsense'], /^A gateway is an http or https URL, .*not “nonsense”\.$/],
  [['id', '--gateway', 'http://127.0.0.1:1/'], /^ERR_UNREACHABLE: No gateway answers at http:\/\/127\.0\.0\.1:1\/ /],
  [['ls', '', '--gateway', 'URL'], /^ERR_BAD_ADDRESS: /],
  [['ls', 'nobody', '--gateway', 'URL'], /^ERR_BAD_ADDRESS: /],
])('%j is one sentence and a failure', async (args, sentence) => {
  const { code, stdout, stderr }: Result = await cli.run(
    args.map((arg) => ({ URL: server.url, DIST: servers.dist })[arg] ?? arg),
  )
  expect(code).not.toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^[^\n]+\n$/)
  expect(stderr.trimEnd()).toMatch(sentence)
})

test('before a build, “npm run serve” says what to do, and --help and --version answer', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'glia fresh ü #1 '))
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
