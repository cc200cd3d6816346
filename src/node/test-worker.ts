import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildActorThread, bundleForNode } from '../build/bundle.ts'
import { fromRoot } from '../build/paths.ts'

/**
 * The actor worker's script as `npm run build` makes it, for tests. It is inside node_modules, where its imports are
 * found.
 */
export function builtActorWorker(): Promise<BuiltWorker> {
  return built('actor-worker', buildActorThread)
}

/** The script of the worker that records, likewise. */
export function builtRecorder(): Promise<BuiltWorker> {
  const entries = { 'recorder-worker': 'src/node/test-recorder-worker.ts' }
  return built('recorder-worker', (outDir) => bundleForNode(entries, { outDir, emptyOutDir: false }))
}

interface BuiltWorker {
  script: URL
  remove(): Promise<void>
}

async function built(name: string, build: (outDir: string) => Promise<void>): Promise<BuiltWorker> {
  const cache = fromRoot('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, `${name}-`))
  await build(folder)
  return {
    script: pathToFileURL(join(folder, `${name}.js`)),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
