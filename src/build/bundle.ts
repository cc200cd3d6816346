import { build, type InlineConfig, type Rolldown } from 'vite'
import { fromRoot } from './paths.ts'
import type { PrecacheEntry } from './precache.ts'
import { singleCopies } from './single-copies.ts'

/** One classic script that contains everything. */
export interface WorkerBundle {
  readonly code: string
  /** The source map that `code` names; undefined if it is inside `code`. */
  readonly map: string | undefined
  /** The source files. */
  readonly sources: readonly string[]
}

/** The two workers, by the fixed names under which they are served. */
export const WORKERS = { 'actor.js': 'workers/actor/main.ts', 'sw.js': 'workers/service/main.ts' } as const

export interface WorkerBundleInit {
  /** The files that the service worker keeps for offline use. None in development. */
  readonly manifest?: readonly PrecacheEntry[]
  readonly minify: boolean
}

/**
 * Bundles a worker in a pass of its own. As another input of the page's pass it would import chunks that it shares with
 * the page, and the actor worker's policy lets it load nothing.
 */
export async function bundleWorker(
  name: keyof typeof WORKERS,
  { manifest = [], minify }: WorkerBundleInit,
): Promise<WorkerBundle> {
  const output = await build({
    ...NESTED,
    define: {
      // workbox's debug messages are off in development too, so both modes run the same code
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

/** Programs for Node, by the name of their file in `dist-node`. */
const PROGRAMS = { glia: 'src/cli/main.ts', ...actorThread() }

/** The command `glia`, and the script of the thread that the server's root process has. */
export async function buildNode(outDir = fromRoot('dist-node')): Promise<void> {
  await bundleForNode(PROGRAMS, { outDir, emptyOutDir: true })
}

/** `actor-worker.js`, the actor worker's script for a thread, in a folder of its own. */
export async function buildActorThread(outDir: string): Promise<void> {
  await bundleForNode(actorThread(), { outDir, emptyOutDir: false })
}

function actorThread(): Record<string, string> {
  return { 'actor-worker': 'src/node/root/actor-worker.ts' }
}

/**
 * Bundles programs for Node with all that they import: a package of them has no dependencies. All files are in one folder, so a
 * program finds the files beside it from every chunk.
 * @param entries Paths below the root of the repository, by the name of the file that is made.
 */
export async function bundleForNode(
  entries: Readonly<Record<string, string>>,
  output: { outDir: string; emptyOutDir: boolean },
): Promise<void> {
  const input = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, fromRoot(path)]))
  await build({
    ...NESTED,
    ssr: { noExternal: true },
    build: {
      ...output,
      ssr: true,
      target: 'node20',
      sourcemap: true,
      minify: true,
      rolldownOptions: { input, output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' } },
    },
  })
}

/** Without the page's config, which would build all of this once more. */
const NESTED = {
  configFile: false,
  root: fromRoot(),
  publicDir: false,
  logLevel: 'warn',
  plugins: [singleCopies()],
} satisfies InlineConfig
