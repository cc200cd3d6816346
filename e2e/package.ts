import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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
