import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { validate } from 'dockerfile-utils'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fromRoot } from '../build/paths.ts'
import { testServers } from './test-server.ts'

// The whole image is built and run where a Docker daemon is. Elsewhere its parts are looked at one by one.
const FILE = fromRoot('src/node/Dockerfile')
const text = readFileSync(FILE, 'utf8')
/** Its lines, with those that a backslash joins as one. */
const lines = text.replace(/\\\n\s*/g, '').split('\n')
const server = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))

function docker(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('docker', args, { cwd: fromRoot(), encoding: 'utf8', maxBuffer: 2 ** 26 })
}

/** The words of an instruction in its JSON form. */
function wordsOf(instruction: RegExp): [string, ...string[]] {
  const line = server.find((each) => instruction.test(each)) ?? ''
  return JSON.parse(line.slice(line.indexOf('['))) as [string, ...string[]]
}

test('a linter finds nothing in the Dockerfile', () => {
  expect(validate(text)).toEqual([])
})

test('the image has all that the server is, and runs it for a user without rights', () => {
  expect(server).toContain('USER node')
  expect(server.findIndex((line) => line.startsWith('USER'))).toBeLessThan(
    server.findIndex((line) => /^CMD|^ENTRY/.test(line)),
  )
  const sources = lines.filter((line) => /^COPY (?!--from)/.test(line)).flatMap((line) => line.split(' ').slice(1, -1))
  expect(sources.filter((path) => !existsSync(fromRoot(path)))).toEqual([])
  const [node, program] = wordsOf(/^ENTRYPOINT/)
  const { bin } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')) as { bin: { glia: string } }
  expect([node, program]).toEqual(['node', `/glia/${bin.glia}`])
})

test('the health check tells a server that answers from one that is gone', async () => {
  const servers = await testServers()
  onTestFinished(() => servers.end())
  const { port, stop } = await servers.start()
  const [command, ...args] = wordsOf(/^HEALTHCHECK/)
  const check = (): Promise<number | null> =>
    new Promise((resolve) => {
      spawn(command, args, { env: { ...process.env, GLIA_HTTP: String(port) } }).once('exit', resolve)
    })
  expect(await check()).toBe(0)
  await stop()
  expect(await check()).not.toBe(0)
})

test.skipIf(docker('buildx', 'version').status !== 0)('“docker build --check” finds nothing', () => {
  const { status, stderr } = docker('build', '--check', '--file', FILE, '.')
  expect([status, stderr]).toEqual([0, expect.any(String)])
})

describe.skipIf(docker('info').status !== 0)('with a Docker daemon', () => {
  test('the image is built, serves with a read-only root, and becomes healthy', { timeout: 600_000 }, async () => {
    const built = docker('build', '--quiet', '--file', FILE, '.')
    expect([built.status, built.stderr]).toEqual([0, expect.any(String)])
    const image = built.stdout.trim()
    const id = docker(
      'run',
      '--detach',
      '--read-only',
      '--cap-drop=ALL',
      '--publish=127.0.0.1::2080',
      image,
    ).stdout.trim()
    onTestFinished(() => void docker('rm', '--force', '--volumes', id))
    const inspect = (what: string): string => docker('inspect', `--format=${what}`, id).stdout.trim()
    await expect.poll(() => inspect('{{.State.Health.Status}}'), { timeout: 60_000, interval: 1000 }).toBe('healthy')
    expect(docker('exec', id, 'id', '-u').stdout).not.toBe('0\n')
    const port = inspect('{{(index (index .NetworkSettings.Ports "2080/tcp") 0).HostPort}}')
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<title>Glia</title>')
    expect(docker('exec', id, 'node', '/glia/dist-node/glia.js', 'id').stdout).toMatch(/^12D3Koo\w+\n$/)
    docker('stop', id)
    expect(inspect('{{.State.ExitCode}}')).toBe('0')
  })
})
