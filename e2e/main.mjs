// Runs a command of this folder: `node e2e/main.mjs fuzz …` runs `main` of fuzz/run.ts. Node 20 runs no TypeScript: Vite does.
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const [command, ...args] = process.argv.slice(2)
// Servers and browsers that the command started are ended when this process exits, and a signal alone does not make it exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
const vite = await createServer({
  configFile: false,
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { preserveSymlinks: process.env['GLIA_ROOT'] !== undefined },
  logLevel: 'error',
  appType: 'custom',
  optimizeDeps: { noDiscovery: true, entries: [] },
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
})
let code = 1
try {
  const { main } = await vite.ssrLoadModule(fileURLToPath(new URL(`${command}/run.ts`, import.meta.url)))
  code = (await main(args)) ? 0 : 1
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
}
// Whatever is still open must not keep the command from ending.
process.stdout.write('', () => process.exit(code))
