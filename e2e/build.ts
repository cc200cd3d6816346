import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './server.ts'

/** The build is made of these. */
const SOURCES = ['index.html', 'vite.config.ts', 'package-lock.json', 'public', 'src', 'workers']

/** The last file which the build writes. */
const BUILT = 'dist-node/glia.js'

/** Builds the app before the tests if there is no build, or one that is older than its sources. */
export default function build(): void {
  const built = modifiedMs(join(ROOT, BUILT))
  if (built !== undefined && SOURCES.every((source) => newestMs(join(ROOT, source)) < built)) return
  process.stderr.write('The build is missing or older than its sources: npm run build\n')
  // Commands of this folder are loaded by Vite, which says 'development' there: such a build is larger than its budget.
  const env = { ...process.env, NODE_ENV: 'production' }
  execFileSync('npm', ['run', 'build'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
}

function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function newestMs(path: string): number {
  const children = statSync(path).isDirectory() ? readdirSync(path).map((name) => newestMs(join(path, name))) : []
  return Math.max(modifiedMs(path) ?? 0, ...children)
}
