// The command `glia` from its sources, where nothing is built yet: it says what its flags are.
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

await runnerImport('./src/cli/main.ts', {
  configFile: false,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { preserveSymlinks: process.env['GLIA_ROOT'] !== undefined },
})
