import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileAssemblyScript } from '../build/assemblyscript.ts'
import { fromRoot } from '../build/paths.ts'
import { altered } from '../node/test-processes.ts'
import { testServers, type TestServers } from '../node/test-server.ts'
import { builtCli, type Result, type TestCli } from './test-cli.ts'

let servers: TestServers
let cli: TestCli
let folder: string
let module: string

beforeAll(async () => {
  ;[servers, cli] = await Promise.all([testServers(), builtCli()])
  folder = await servers.newFolder()
  module = join(folder, 'counter.wasm')
  await writeFile(module, await compileAssemblyScript(fromRoot('src/examples/counter.ts')))
})

afterAll(async () => {
  await Promise.all([servers.end(), cli.remove()])
})

interface RunningHost {
  readonly url: string
  /** Its process id. */
  readonly process: number | undefined
  readonly data: string
  /** Runs a command that asks it. */
  run(...args: readonly string[]): Promise<Result>
  /** The same; it has to succeed. */
  says(...args: readonly string[]): Promise<string>
  end(signal: NodeJS.Signals): Promise<void>
}

/** `glia host`, as a process, with the same folder each time. */
async function startHost(data: string, command = 'host'): Promise<RunningHost> {
  const flags = ['--http', '0', '--ws', '0', '--tcp', '0', '--dist', servers.dist, '--data', data]
  const child = cli.start([command, ...flags])
  let url = ''
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^Glia is at (\S+)$/.exec(line)?.[1] ?? ''
    if (url !== '') break
  }
  child.stdout.resume()
  child.stderr.resume()
  const run = (...args: readonly string[]): Promise<Result> => cli.run(args, '', { GLIA_GATEWAY: url, GLIA_DATA: data })
  return {
    url,
    process: child.pid,
    data,
    run,
    says: async (...args) => {
      const { code, stdout, stderr } = await run(...args)
      expect([args, code, stderr]).toEqual([args, 0, ''])
      return stdout.trim()
    },
    end: async (signal) => {
      const ended = once(child, 'close')
      child.kill(signal)
      await ended
    },
  }
}

/** Each command is a process, and there are many. */
const MANY_MS = 120_000

test(
  'actors are made, listed, called, changed, taken and ended by commands',
  async () => {
    const host = await startHost(await servers.newFolder())
    const pid = await host.says('spawn', module, '--name', 'tally', '--env', 'A=b=c', '--policy', '{"mailbox":8}')
    const address = `/ww/0.1.0/self/${pid}/increment`
    expect(await host.says('call', address)).toBe('1')
    const rows = (await host.says('ps')).split('\n').map((row) => row.split('\t'))
    expect(rows).toContainEqual([
      pid,
      'idle',
      'tally',
      expect.stringMatching(/^\d+ KiB$/),
      expect.stringContaining('increment'),
    ])
    const file = join(folder, 'tally.snapshot')
    await host.says('snapshot', pid, file)
    expect((await readFile(file)).length).toBeGreaterThan(1000)
    expect(await host.says('call', address)).toBe('2')
    const twin = await host.says('restore', file, '--name', 'twin')
    expect(await host.says('call', `/ww/0.1.0/self/${twin}/increment`)).toBe('2')
    await host.says('swap', pid, module)
    expect(await host.says('call', address)).toBe('1')
    expect(await host.says('logs', pid)).toContain('Now runs ')
    await host.says('restart', twin)
    const { undo } = JSON.parse(await host.says('kill', '--json', twin)) as { undo: string }
    await host.says('undo', undo)
    expect(await host.says('call', `/ww/0.1.0/self/${twin}/increment`)).toBe('1')
    expect((await host.run('undo', undo)).stderr).toContain('ERR_TOO_LATE')
    await host.says('kill', pid)
    expect((await host.run('kill', pid)).stderr).toContain(`ERR_NO_PROC: This peer has no process ${pid}.`)
    await host.end('SIGTERM')
  },
  MANY_MS,
)

/** Everybody may limit the files of a process: as a full disk does, it has writes fail. */
const canLimit = spawnSync('prlimit', ['--version']).status === 0

test.runIf(canLimit)(
  'an actor that the host cannot store is told to be, and is stored later',
  async () => {
    const data = await servers.newFolder()
    let host = await startHost(data)
    const old = (await host.says('spawn', module, '--name', 'old')).trim()
    const limit = (bytes: string): void =>
      void execFileSync('prlimit', ['--pid', String(host.process), `--fsize=${bytes}:`])
    limit('1')
    const { code, stdout, stderr } = await host.run('spawn', module, '--name', 'new')
    expect([code, stderr]).toEqual([0, expect.stringContaining('The actor runs, but the host could not store that')])
    const pid = stdout.trim()
    expect(await host.says('ps')).toMatch(/\tnew \(not kept\)\t/)
    expect(await host.says('logs', pid)).toContain(
      'a file in it would be too large. The process runs, but it will not come back after a restart',
    )
    const other = join(folder, 'other.wasm')
    await writeFile(other, altered(await readFile(module)))
    const swapped = await host.run('swap', old, other)
    expect([swapped.code, swapped.stderr]).toEqual([0, expect.stringContaining('could not store that')])
    expect(await host.says('ps')).toMatch(/\told \(not kept\)\t/)
    limit('unlimited')
    await expect.poll(() => host.says('ps')).not.toContain('not kept')
    await host.end('SIGKILL')
    host = await startHost(data)
    expect(await host.says('ps')).toMatch(/\tnew\t/)
    expect(await host.says('call', `/ww/0.1.0/self/${pid}/increment`)).toBe('1')
    expect(await host.says('call', `/ww/0.1.0/self/${old}/increment`)).toBe('1')
    await host.end('SIGTERM')
  },
  MANY_MS,
)

test('a host that is killed comes back with all actors, and with all that was stored', async () => {
  const data = await servers.newFolder()
  let host = await startHost(data)
  const bytes = await readFile(module)
  const token = (await readFile(join(data, 'owner.token'), 'utf8')).trim()
  const send = async (path: string, message: Uint8Array<ArrayBuffer> | string = ''): Promise<string> => {
    const reply = await fetch(`${host.url}ww/0.1.0/self/${path}`, { method: 'POST', body: message })
    return (await reply.text()).trim()
  }
  const order = (method: string, head: object, body = new Uint8Array()): Promise<string> =>
    send(`sys/${method}`, Buffer.concat([Buffer.from(`${JSON.stringify({ token, ...head })}\n`), body]))
  const policy = { durable: 'before-reply' }
  const made = await Promise.all([1, 2, 3].map((n) => order('spawn', { name: `c${n}`, policy }, bytes)))
  const pids = made.map((line) => (JSON.parse(line) as { pid: string }).pid)
  /** What each actor has said last. */
  const said = pids.map(() => 0)
  for (let round = 1; round <= 5; round++) {
    const counting = pids.map(async (pid, i) => {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- until the host is killed
        const count = await send(`${pid}/increment`).then(Number, () => NaN)
        if (Number.isNaN(count)) return
        // Nothing that was answered is forgotten. The message whose answer was lost may have counted.
        expect([1, 2].map((more) => (said[i] ?? 0) + more)).toContain(count)
        said[i] = count
      }
    })
    // oxlint-disable-next-line no-await-in-loop -- killed in the middle of something, after some answers
    await expect.poll(() => Math.min(...said)).toBeGreaterThan(3 * round)
    // oxlint-disable-next-line no-await-in-loop
    await host.end('SIGKILL')
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(counting)
    // oxlint-disable-next-line no-await-in-loop
    host = await startHost(data)
  }
  await host.end('SIGTERM')
})

test('an empty variable is none, and a file of any name becomes an actor', async () => {
  const data = await servers.newFolder()
  const host = await startHost(data)
  const env = { GLIA_GATEWAY: host.url, GLIA_TOKEN: '', GLIA_DATA: '' }
  expect(await cli.run(['ps', '--data', data], '', env)).toMatchObject({ code: 0, stderr: '' })
  // Without a folder it is .glia of the working directory.
  const working = await servers.newFolder()
  await mkdir(join(working, '.glia'))
  await copyFile(join(data, 'owner.token'), join(working, '.glia', 'owner.token'))
  expect(await cli.run(['ps'], '', env, working)).toMatchObject({ code: 0, stderr: '' })
  const long = 'n'.repeat(240)
  const files = ['.wasm', `${long}.wasm`, `${'n'.repeat(99)}😀.wasm`]
  for (const name of files) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await copyFile(module, join(folder, name))
    // oxlint-disable-next-line no-await-in-loop
    await host.says('spawn', join(folder, name))
  }
  const names = (await host.says('ps')).split('\n').map((row) => row.split('\t')[2])
  expect(names).toEqual(['root', 'actor', long.slice(0, 100), 'n'.repeat(99)])
  await host.end('SIGTERM')
})

/** An actor that writes a line to stderr for each call. */
const SAYING = `
import { log, message } from './actor'
export function tell(): void { log(message()) }
`

test(
  'a log that is followed has all lines, also when many come in one moment',
  async () => {
    const host = await startHost(await servers.newFolder())
    const source = await servers.newFolder()
    const sources = ['actor.ts', 'io.ts', 'wasi_snapshot_preview1.ts']
    await Promise.all(sources.map((name) => copyFile(fromRoot('src/examples', name), join(source, name))))
    await writeFile(join(source, 'main.ts'), SAYING)
    const saying = join(source, 'saying.wasm')
    await writeFile(saying, await compileAssemblyScript(join(source, 'main.ts')))
    const pid = await host.says('spawn', saying)
    const child = cli.start(['logs', pid, '-f'], { GLIA_GATEWAY: host.url, GLIA_DATA: host.data })
    const seen: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => seen.push(line.split('\t')[2] ?? ''))
    const said: string[] = []
    const write = async (count: number): Promise<void> => {
      const lines = Array.from({ length: count }, () => `line ${said.length + 1}`)
      for (const [i, line] of lines.entries()) lines[i] = `${line}.${i}`
      said.push(...lines)
      await fetch(`${host.url}ww/0.1.0/self/${pid}/tell`, { method: 'POST', body: lines.join('\n') })
      await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe(lines.at(-1))
    }
    // As many in one moment as the log keeps, and then more.
    for (const count of [300, 480, 400, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await write(count)
    }
    expect(seen.filter((line) => line.startsWith('line '))).toEqual(said)
    child.kill()
    await host.end('SIGTERM')
  },
  MANY_MS,
)

test(
  'what cannot be done is one sentence',
  async () => {
    const data = await servers.newFolder()
    const host = await startHost(data)
    const keyed = await host.says('spawn', module, '--key')
    const wrong: [string[], string][] = [
      [['spawn', join(folder, 'none.wasm')], 'none.wasm cannot be read: '],
      [['spawn', module, '--env', 'x'], '--env takes NAME=VALUE'],
      [['spawn', module, '--policy', '[]'], '--policy takes an object'],
      [['spawn', module, '--policy', '{"memory":"magic"}'], 'ERR_BAD_REQUEST'],
      [['spawn', join(data, 'owner.token')], 'ERR_BAD_MODULE'],
      [['restore', module], 'ERR_BAD_SNAPSHOT'],
      [['kill', 'nobody'], 'ERR_NO_PROC: This peer has no process nobody.'],
      ...['kill', 'restart', 'snapshots'].map((command): [string[], string] => [
        [command, `${keyed}:nosuch`],
        'has no instance for the key “nosuch”',
      ]),
      [['ps', '--token', 'wrong'], 'ERR_DENIED: The token is not that of this host’s owner.'],
      [['ps', '--data', folder], 'ERR_DENIED: Only its owner may manage this host'],
    ]
    for (const [args, words] of wrong) {
      const { code, stderr } = await host.run(...args)
      expect.soft(code).not.toBe(0)
      expect.soft(stderr).toContain(words)
      expect.soft(stderr.trim().split('\n')).toHaveLength(1)
    }
    await host.end('SIGTERM')
    const plain = await startHost(await servers.newFolder(), 'serve')
    expect((await plain.run('ps')).stderr).toBe(
      'ERR_NO_PROC: No actors live on this server: start it as “glia host”.\n',
    )
    await plain.end('SIGTERM')
  },
  MANY_MS,
)
