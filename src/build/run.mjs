// Runs a tool of Vite on this repository: `node src/build/run.mjs vitest run …`, or a script of ours that uses Vite. Vite 8.3.8 and Vitest 4.1.12
// take a # in a path for the start of a fragment. So where the repository is in such a folder, they see it through a link without one.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const TOOLS = { vite: 'node_modules/vite/bin/vite.js', vitest: 'node_modules/vitest/vitest.mjs' }
const [tool, ...args] = process.argv.slice(2)
const script = TOOLS[tool] ?? tool
const root = fileURLToPath(new URL('../..', import.meta.url))

if (!/[#?]/.test(root)) {
  process.argv.splice(1, 2, join(root, script))
  await import(pathToFileURL(join(root, script)).href)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'glia-'))
  const link = join(folder, 'glia')
  symlinkSync(root, link, 'junction')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, [join(link, script), ...args], {
    cwd: link,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main', GLIA_ROOT: link },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('close', (code) => process.exit(code ?? 1))
}
