// Node 20 runs no TypeScript: Vite does.
import { runnerImport } from 'vite'

const { module } = await runnerImport(new URL('run.ts', import.meta.url).pathname, {
  configFile: false,
  logLevel: 'error',
})
process.exitCode = (await module.main(process.argv.slice(2))) ? 0 : 1
