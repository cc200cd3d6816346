import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Plugin, Rolldown } from 'vite'
import { checkBudgets, scriptsByPart } from './budgets.ts'
import { buildLibrary, buildNode, bundleWorker, type WorkerBundle } from './bundle.ts'
import { buildExamples } from './examples.ts'
import { licencesOf } from './licences.ts'
import { precacheManifest } from './precache.ts'

/**
 * All of `npm run build` around Vite's build of the page. The order matters: the page copies the examples from public/,
 * and the service worker lists every other file.
 */
export function app(): Plugin {
  let dist = ''
  let scripts: ReturnType<typeof scriptsByPart> = { 'first call': [], mesh: [] }
  let sources: string[] = []
  const writeWorker = async (name: string, { code, map }: WorkerBundle): Promise<void> => {
    await writeFile(join(dist, name), code)
    if (map !== undefined) await writeFile(join(dist, `${name}.map`), map)
  }
  return {
    name: 'glia:app',
    apply: 'build',
    configResolved(config) {
      dist = resolve(config.root, config.build.outDir)
    },
    async buildStart() {
      await buildExamples((line) => this.info(line))
    },
    writeBundle(_options, bundle: Rolldown.OutputBundle) {
      scripts = scriptsByPart(bundle)
      sources = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    },
    closeBundle: {
      sequential: true,
      async handler(error?: Error) {
        if (error !== undefined) return
        const actor = await bundleWorker('actor.js', { minify: true })
        await writeWorker('actor.js', actor)
        const recorder = await bundleWorker('recorder.js', { minify: true })
        await writeWorker('recorder.js', recorder)
        const service = await bundleWorker('sw.js', { minify: true, manifest: await precacheManifest(dist) })
        await writeWorker('sw.js', service)
        sources.push(...actor.sources, ...recorder.sources, ...service.sources)
        await writeFile(join(dist, 'licences.txt'), await licencesOf(sources))
        await buildLibrary()
        await buildNode()
        const read = (names: string[]): Promise<string[]> =>
          Promise.all(names.map((name) => readFile(join(dist, name), 'utf8')))
        this.info(
          checkBudgets({
            'first call': await read(scripts['first call']),
            mesh: await read(scripts.mesh),
            'actor.js': [actor.code],
            'sw.js': [service.code],
          }),
        )
      },
    },
  }
}
