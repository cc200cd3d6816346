import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './server.ts'

/** What `npm pack --json` says of a tarball. */
interface Packed {
  readonly filename: string
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

/** The package as somebody has it who installed its tarball in an empty folder. */
export interface InstalledPackage {
  /** The folder that it was installed in. */
  readonly folder: string
  /** What npm said when it installed it. */
  readonly said: string
  /** Length of the tarball, in bytes. */
  readonly tarballBytes: number
  /** Paths of all files in the tarball. */
  readonly files: readonly string[]
  remove(): Promise<void>
}

const run = promisify(execFile)

/** Packs what is built, and installs the tarball in an empty folder, without a network. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'glia-package-'))
  // What is built is packed: the build before the tests has seen to that.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [packed] = JSON.parse((await run('npm', pack, { cwd: ROOT })).stdout) as Packed[]
  if (!packed) throw new Error('npm packed nothing')
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const install = ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`]
  const { stdout, stderr } = await run('npm', install, { cwd: folder })
  return {
    folder,
    said: stdout + stderr,
    tarballBytes: packed.size,
    files: packed.files.map(({ path }) => path),
    remove: () => rm(folder, { recursive: true }),
  }
}

/** The entries of the package and where their types are, as its `package.json` says. */
export async function entriesOf({
  folder,
}: InstalledPackage): Promise<Record<string, { types: string; default: string }>> {
  const text = await readFile(join(folder, 'node_modules/glia/package.json'), 'utf8')
  const { exports } = JSON.parse(text) as { exports: Record<string, { types: string; default: string } | string> }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, entry]) =>
      typeof entry === 'string' ? [] : [[join('glia', name), entry] as const],
    ),
  )
}

/** The example in the doc comment of an entry, as it is installed, and what it prints. */
export async function exampleOf(glia: InstalledPackage, entry: string): Promise<{ code: string; prints: string }> {
  const { types = '' } = (await entriesOf(glia))[entry] ?? {}
  const declarations = await readFile(join(glia.folder, 'node_modules/glia', types), 'utf8')
  const [, commented] = /^\/\*\*[^]*?```js\n([^]*?) \* ```/.exec(declarations) ?? []
  if (commented === undefined) throw new Error(`${entry} has no example`)
  const code = commented.replaceAll(/^ \* ?/gm, '')
  const prints = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, line]) => `${line}\n`).join('')
  return { code, prints }
}

/** A site of its own: an empty page that can import the package, whose files lie under `/glia/`, and other files. */
export async function packageSite(
  glia: InstalledPackage,
  more: Readonly<Record<string, string>> = {},
): Promise<{ url: string; stop(): void }> {
  const { headersFor } = (await import(join(glia.folder, 'node_modules/glia/dist-node/node.js'))) as {
    headersFor(path: string): Record<string, string>
  }
  const imports = Object.fromEntries(
    Object.entries(await entriesOf(glia)).map(([name, { default: path }]) => [name, `/glia/${path}`]),
  )
  const page = `<!doctype html><title>A site</title><script type="importmap">${JSON.stringify({ imports })}</script>`
  const files: Readonly<Record<string, string>> = { '/': page, ...more }
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const name = pathname.slice(pathname.lastIndexOf('/') + 1)
    const type = { js: 'text/javascript', wasm: 'application/wasm' }[name.split('.').at(-1) ?? ''] ?? 'text/html'
    // The page keeps no policy of Glia's: it is somebody else's.
    const headers = { ...headersFor(name.endsWith('.js') ? name : 'other'), 'content-type': type }
    const path = pathname.startsWith('/glia/') ? join(glia.folder, 'node_modules', pathname) : undefined
    const content = path === undefined ? Promise.resolve(files[pathname]) : readFile(path).catch(() => undefined)
    void content.then((found) => response.writeHead(found === undefined ? 404 : 200, headers).end(found))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
