// Runs a command of this folder: `node e2e/main.mjs fuzz …` runs `main` of fuzz/run.ts. Node 20 runs no TypeScript: Vite does.
import { createServer } from 'vite'

const [command, ...args] = process.argv.slice(2)
const vite = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
})
try {
  const { main } = await vite.ssrLoadModule(new URL(`${command}/run.ts`, import.meta.url).pathname)
  process.exitCode = (await main(args)) ? 0 : 1
} finally {
  await vite.close()
}
