import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { test as base } from '@playwright/test'
import { getMimeType } from 'hono/utils/mime'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A server of the app. */
export interface AppServer {
  /** The app's address, with a slash at its end. */
  readonly url: string
  stop(): Promise<void>
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Data folders of the servers that this process starts. */
const FOLDERS = mkdtempSync(join(tmpdir(), 'glia-e2e-'))
process.once('exit', () => rmSync(FOLDERS, { recursive: true, force: true }))

/** A data folder that no server has used. */
export function newDataFolder(): string {
  return mkdtempSync(join(FOLDERS, 'data-'))
}

/** The environment of a server of its own: free ports for its relay, a new folder, and nothing else. */
export function ownEnv(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GLIA_')))
  return { ...env, GLIA_WS: '0', GLIA_TCP: '0', GLIA_DATA: newDataFolder() }
}

/**
 * Runs the command `glia`: the server, as `npm run serve -- …args` does, or another of its commands.
 * @param wrapper A command that runs it in the place of its own process. Left out: none.
 */
export function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): ChildProcess {
  const [program = '', ...command] = [...wrapper, process.execPath, join(ROOT, 'dist-node/glia.js'), ...args]
  const child = spawn(program, command, { cwd: ROOT, env: { ...ownEnv(), ...env } })
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

/** Running servers. One that a failed test did not stop ends with this process, also if SIGSTOP has stopped it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Waits until a command that ends by itself has ended. */
export async function finished(command: ChildProcess): Promise<CommandResult> {
  let stdout = ''
  let stderr = ''
  command.stdout?.on('data', (chunk) => (stdout += String(chunk)))
  command.stderr?.on('data', (chunk) => (stderr += String(chunk)))
  const [code] = (await once(command, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Starts our own server on a free port and waits for the address it prints. */
export async function startServer(...args: string[]): Promise<AppServer> {
  const command = serve(['--http', '0', ...args])
  const url = await printedUrl(command)
  const stop = async (): Promise<void> => {
    if (command.exitCode !== null || command.signalCode !== null) return
    command.kill()
    await once(command, 'close')
  }
  return { url, stop }
}

/** @throws {Error} with the server's output if it ended without an address */
export async function printedUrl(command: ChildProcess): Promise<string> {
  let said = ''
  command.stderr?.on('data', (chunk) => (said += String(chunk)))
  return new Promise((resolve, reject) => {
    command.stdout?.on('data', (chunk) => {
      said += String(chunk)
      const url = /^Glia is at (\S+)$/m.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    command.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
}

/**
 * A plain static server like GitHub Pages: dist/ under a prefix, right types, no other header, and 404 for everything
 * else.
 * @param prefix Such as `/glia/`.
 * @param pages More pages, as HTML by name, or files in the place of those of dist/.
 */
export async function staticServer(prefix = '/', pages: Readonly<Record<string, string>> = {}): Promise<AppServer> {
  const dist = resolve(ROOT, 'dist')
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const page = pages[name.slice(prefix.length)]
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': getMimeType(name) ?? 'text/html' }).end(page)
      return
    }
    const file = resolve(dist, decodeURIComponent(name.slice(prefix.length)))
    const found =
      name.startsWith(prefix) && file.startsWith(dist + sep) && statSync(file, { throwIfNoEntry: false })?.isFile()
    if (found !== true || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
      return
    }
    response.writeHead(200, { 'content-type': getMimeType(file) ?? 'application/octet-stream' })
    if (request.method === 'HEAD') response.end()
    else pipeline(createReadStream(file), response, () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { url: `http://localhost:${port}${prefix}`, stop }
}

/** Playwright's `test`, with a server for each worker. */
export const test = base.extend<object, { server: AppServer }>({
  server: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const server = await startServer()
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
})
