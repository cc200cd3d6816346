import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

/**
 * A script for a thread of Node (`eval: true`): a module and what it imports, and after it `body`, which finds the module's
 * exports in `exports`.
 */
export async function threadScript(module: URL, body: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      target: 'node20',
      lib: { entry: fileURLToPath(module), formats: ['cjs'] },
    },
  })
  const [bundle] = output as [Rolldown.RolldownOutput]
  return `${bundle.output[0].code}\n{${body}}`
}
