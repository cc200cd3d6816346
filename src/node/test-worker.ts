import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildActorThread } from '../build/bundle.ts'
import { fromRoot } from '../build/paths.ts'

/**
 * The actor worker's script as `npm run build` makes it, for tests. It is inside node_modules, where its imports are
 * found.
 */
export async function builtActorWorker(): Promise<{ script: URL; remove(): Promise<void> }> {
  const cache = fromRoot('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'actor-worker-'))
  await buildActorThread(folder)
  return {
    script: pathToFileURL(join(folder, 'actor-worker.js')),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
