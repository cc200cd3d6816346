import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './server.ts'

/** The sources of the build. */
const SOURCES = ['index.html', 'vite.config.ts', 'package-lock.json', 'public', 'src', 'workers']

/** The last file that the build writes. */
const BUILT = 'dist-node/glia.js'

/** Builds the app before the tests if there is no build, or if it is older than its sources. */
export default function build(): void {
  const built = modifiedMs(join(ROOT, BUILT))
  if (built !== undefined && SOURCES.every((source) => newestMs(join(ROOT, source)) < built)) return
  process.stderr.write('The build is missing or older than its sources: npm run build\n')
  // Vite loads commands of this folder with NODE_ENV 'development'. A build with that is larger than its budget.
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
