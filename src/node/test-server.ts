// For tests: servers as `npm start` runs them, each on free ports of this machine with a data folder of its own.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileAssemblyScript } from '../build/assemblyscript.ts'
import { fromRoot } from '../build/paths.ts'
import { SILENT } from '../glia/log.ts'
import { parseOptions } from './test-options.ts'
import { type GliaServer, type ServerInit, startServer } from './server.ts'
import { builtActorWorker } from './test-worker.ts'

export const PAGE = '<!doctype html><title>Glia</title>'

/** Makes servers of one built app, and ends them all. */
export interface TestServers {
  /** Folder of the app. */
  readonly dist: string
  start(options?: Partial<ServerInit>): Promise<GliaServer>
  newFolder(): Promise<string>
  end(): Promise<void>
}

/** A built app with a file of each kind, and the real root process. */
export async function testServers(): Promise<TestServers> {
  const temporary = await mkdtemp(join(tmpdir(), 'glia-node-'))
  const dist = join(temporary, 'dist')
  for (const folder of ['assets', 'actors']) await mkdir(join(dist, folder), { recursive: true })
  await writeFile(join(dist, 'index.html'), PAGE)
  await writeFile(join(dist, 'actor.js'), '/* actor */')
  await writeFile(join(dist, 'sw.js'), '/* service */')
  await writeFile(join(dist, 'assets/index-B1x.js'), `/* ${'x'.repeat(5000)} */`)
  await writeFile(join(dist, 'actors/root.wasm'), await compileAssemblyScript(fromRoot('src/examples/root.ts')))
  const worker = await builtActorWorker()
  const servers: GliaServer[] = []
  const newFolder = (): Promise<string> => mkdtemp(join(temporary, 'data-'))
  const defaults = parseOptions(['--http', '0', '--ws', '0', '--tcp', '0'], {})
  return {
    dist,
    newFolder,
    async start(options) {
      const data = options?.data ?? (await newFolder())
      const given = { ...defaults, dist, workerScript: worker.script, log: SILENT }
      const server = await startServer({ ...given, ...options, data })
      servers.push(server)
      return server
    },
    async end() {
      await Promise.all(servers.map((server) => server.stop()))
      await worker.remove()
      await rm(temporary, { recursive: true })
    },
  }
}

export interface Reply {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Ask {
  readonly port: number
  readonly method?: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** `fetch` does not let a test set Host or Origin, and removes `..` from a path. */
export async function ask(
  path: string,
  { port, method = 'GET', host = 'localhost', headers, body }: Ask,
): Promise<Reply> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    // A new connection, because a reused one may be closed at that moment.
    const call = request(
      { agent: false, port, host: '127.0.0.1', path, method, headers: { host, ...headers } },
      resolve,
    )
    call.once('error', reject).end(body)
  })
  let text = ''
  for await (const chunk of reply) text += String(chunk)
  return { status: reply.statusCode, headers: reply.headers, body: text }
}
