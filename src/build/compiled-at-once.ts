import type { Plugin, Rolldown } from 'vite'

/** The chunks of which a visit runs most functions before its first remote call, by name. */
const CHUNKS = ['index', 'glia', 'preact', 'module-sections', 'identity', 'mesh', 'start-gossip', 'stream-utils']

/**
 * Asks V8 to compile these chunks whole, on another thread, while they load. Otherwise it compiles each function when it
 * is first called, on the page's thread: that took a fifth of its time until the first remote call (Chromium 156).
 * Other engines take it for a comment (https://github.com/WICG/explicit-javascript-compile-hints-file-based).
 */
const HINT = '//# allFunctionsCalledOnLoad\n'

/** Puts {@link HINT} into the first line of each of {@link CHUNKS}, where alone it counts. */
export function compiledAtOnce(): Plugin {
  return {
    name: 'glia:compiled-at-once',
    apply: 'build',
    generateBundle: {
      // Vite puts a line of its own before each chunk that imports others later.
      order: 'post',
      handler(_options, bundle) {
        for (const name of CHUNKS) {
          const chunk = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === name)
          if (chunk?.type !== 'chunk') {
            this.error(`There is no chunk ${name} any more: see compiled-at-once.ts.`)
            return
          }
          chunk.code = HINT + chunk.code
          moveDown(bundle[`${chunk.fileName}.map`])
        }
      },
    },
  }
}

/** A source map of a file that got another first line. */
function moveDown(map: Rolldown.OutputAsset | Rolldown.OutputChunk | undefined): void {
  if (map?.type !== 'asset') return
  const { mappings, ...others } = JSON.parse(String(map.source)) as { mappings: string }
  map.source = JSON.stringify({ ...others, mappings: `;${mappings}` })
}
