import { build, type InlineConfig, type Rolldown } from 'vite'
import { fromRoot } from './paths.ts'
import type { PrecacheEntry } from './precache.ts'

/** One classic script with everything in it. */
export interface WorkerBundle {
  readonly code: string
  /** Its source map, which `code` names; undefined where it is inside `code`. */
  readonly map: string | undefined
  /** The files it is made from. */
  readonly sources: readonly string[]
}

/** The two workers, by the fixed name they are served under. */
export const WORKERS = { 'actor.js': 'workers/actor/main.ts', 'sw.js': 'workers/service/main.ts' } as const

export interface WorkerBundleInit {
  /** What the service worker keeps for offline use; none in development. */
  readonly manifest?: readonly PrecacheEntry[]
  readonly minify: boolean
}

/**
 * Bundles a worker in a pass of its own: as a further input of the page's pass it would import chunks which it shares with the page, and
 * the actor worker's policy lets it load nothing at all (FACTS 2.8, 4.7).
 */
export async function bundleWorker(
  name: keyof typeof WORKERS,
  { manifest = [], minify }: WorkerBundleInit,
): Promise<WorkerBundle> {
  const output = await build({
    ...NESTED,
    define: {
      // workbox's debug messages are off in development too, so that both modes run the same code
      'process.env.NODE_ENV': '"production"',
      'self.__WB_MANIFEST': JSON.stringify(manifest),
    },
    build: {
      write: false,
      target: 'es2024',
      minify,
      sourcemap: minify ? true : 'inline',
      rolldownOptions: { input: fromRoot(WORKERS[name]), output: { format: 'iife', entryFileNames: name } },
    },
  })
  const files = (output as Rolldown.RolldownOutput).output
  const map = files.find((file) => file.fileName === `${name}.map`)
  const [chunk, ...rest] = files.filter((file) => file !== map)
  if (chunk?.type !== 'chunk' || rest.length > 0) throw new Error(`${name} has to be one file`)
  return { code: chunk.code, map: map?.type === 'asset' ? String(map.source) : undefined, sources: chunk.moduleIds }
}

/** The Node server: its own entry and that of its root process's thread. */
export async function buildNode(): Promise<void> {
  const outDir = fromRoot('dist-node')
  await bundleForNode('src/node/main.ts', { outDir, emptyOutDir: true })
  await buildActorThread(outDir)
}

/** `actor-worker.js`, the actor worker's script for a thread, in a folder below the root. */
export async function buildActorThread(outDir: string): Promise<void> {
  await bundleForNode('src/node/root/actor-worker.ts', { outDir, emptyOutDir: false })
}

/** Our own code in one file, dependencies from node_modules. */
export async function bundleForNode(entry: string, output: { outDir: string; emptyOutDir: boolean }): Promise<void> {
  await build({
    ...NESTED,
    // Comlink's adapter for Node has a path that only bundlers find.
    ssr: { noExternal: ['comlink'] },
    build: { ...output, ssr: fromRoot(entry), target: 'node20', sourcemap: true },
  })
}

/** Not the page's config again, which would build all of this once more. */
const NESTED = {
  configFile: false,
  root: fromRoot(),
  publicDir: false,
  logLevel: 'warn',
} as const satisfies InlineConfig
