import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type InlineConfig, type Rolldown } from 'vite'
import { fromRoot } from './paths.ts'
import type { PrecacheEntry } from './precache.ts'
import { singleCopies } from './single-copies.ts'
import { writeTypes } from './types.ts'

/** One classic script that contains everything. */
export interface WorkerBundle {
  readonly code: string
  /** The source map that `code` names; undefined if it is inside `code`. */
  readonly map: string | undefined
  /** The source files. */
  readonly sources: readonly string[]
}

/** The workers, by the fixed names under which they are served. */
export const WORKERS = {
  'actor.js': 'workers/actor/main.ts',
  'recorder.js': 'workers/actor/recorder.ts',
  'sw.js': 'workers/service/main.ts',
} as const

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
const PROGRAMS = {
  glia: 'src/cli/main.ts',
  ...actorThread(),
  node: 'src/package/node.ts',
  protocol: 'src/package/protocol.ts',
  session: 'src/package/session.ts',
  testing: 'src/package/testing.ts',
}

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

/** Where `classic-level` keeps its machine code, which cannot be bundled, and the systems that get it. */
const PREBUILDS = 'node_modules/classic-level/prebuilds'
const SYSTEMS = ['darwin-x64+arm64', 'linux-arm64', 'linux-x64', 'win32-x64']

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
      rolldownOptions: {
        input,
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          // It looks for its machine code there.
          intro: ({ name }) => (name === 'classic-level' ? 'const __dirname = import.meta.dirname;' : ''),
        },
      },
    },
  })
  const copies = SYSTEMS.map((system) =>
    cp(fromRoot(PREBUILDS, system), join(output.outDir, 'prebuilds', system), { recursive: true }),
  )
  await Promise.all(copies)
}

/** The entries of the package that pages import, in `dist-lib`, with the types of all entries and a service worker that keeps no files. */
export async function buildLibrary(): Promise<void> {
  const outDir = fromRoot('dist-lib')
  // The repository as run.mjs shows it. Vite bundles no worker whose path has a #.
  const linkedRoot = process.env['GLIA_ROOT']
  const root = linkedRoot ?? fromRoot()
  const input = Object.fromEntries(FOR_PAGES.map((name) => [name, join(root, 'src/package', `${name}.ts`)]))
  await build({
    ...NESTED,
    root,
    resolve: { preserveSymlinks: linkedRoot !== undefined },
    define: { 'import.meta.env': '{}' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      minify: true,
      modulePreload: false,
      chunkSizeWarningLimit: 1000,
      rolldownOptions: {
        input,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  const { code } = await bundleWorker('sw.js', { minify: true })
  await writeFile(join(outDir, 'sw.js'), code)
  await writeTypes(outDir)
}

const FOR_PAGES = ['index', 'protocol', 'session', 'wasi'] as const

/** Without the page's config, which would build all of this once more. */
const NESTED = {
  configFile: false,
  root: fromRoot(),
  publicDir: false,
  logLevel: 'warn',
  plugins: [singleCopies()],
} satisfies InlineConfig
