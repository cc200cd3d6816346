// What `npm start` and `npm run serve` run, also where nothing is built yet. Node 20 runs no TypeScript.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [script, ...args] = process.argv.splice(2)
process.argv.push(...args)
const root = fileURLToPath(new URL('../..', import.meta.url))
const built = new URL('../../dist-node/glia.js', import.meta.url)
const asksOnly = args.some((arg) => ['-h', '--help', '-V', '--version'].includes(arg))

if (script === 'start' && !asksOnly) {
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
if (existsSync(built)) await import(built.href)
else if (asksOnly) {
  process.argv.splice(2, 0, 'src/cli/unbuilt.mjs')
  await import('../build/run.mjs')
} else {
  process.stderr.write('There is no build yet: run npm run build first, or npm start, which builds and serves.\n')
  process.exit(1)
}
