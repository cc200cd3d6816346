import { join } from 'node:path'
import { type Plugin, type ResolvedConfig, runnerImport } from 'vite'
import { FIRST_PICTURE_SCRIPT } from '../headers.ts'

const PLACE = '<div id="app"></div>'

/** What the views read of a browser while they are rendered here. */
const BROWSER = {
  location: JSON.stringify({ hash: '' }),
  document: JSON.stringify({ baseURI: 'https://glia.invalid/', documentElement: { dataset: {} } }),
  navigator: JSON.stringify({ platform: '' }),
  addEventListener: '(() => undefined)',
}

/**
 * Puts the picture of a first visit into the built index.html, so that a person sees the page before any script of it
 * has come. The picture is `inert`, until the page's script renders the same into its place and makes it work.
 */
export function drawFirstPicture(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'glia:first-picture',
    apply: 'build',
    configResolved(resolved) {
      config = resolved
    },
    async transformIndexHtml(html) {
      const picture = await render(config)
      if (!html.includes(PLACE)) throw new Error(`index.html has no ${PLACE}`)
      // The page's policy would not apply them.
      if (picture.includes(' style=')) throw new Error('The first picture has a style attribute.')
      return html.replace(PLACE, () => `<div id="app" inert>${picture}</div><script>${FIRST_PICTURE_SCRIPT}</script>`)
    },
  }
}

async function render({ root, oxc, resolve: { preserveSymlinks } }: ResolvedConfig): Promise<string> {
  const { module } = await runnerImport<{ firstPicture: string }>(join(root, 'src/first-picture.tsx'), {
    root,
    configFile: false,
    resolve: { preserveSymlinks },
    oxc,
    define: BROWSER,
    plugins: [
      {
        name: 'glia:no-styles',
        enforce: 'pre',
        resolveId: (id) => (id.endsWith('.css') ? '\0no-styles' : undefined),
        load: (id) => (id === '\0no-styles' ? '' : undefined),
      },
    ],
  })
  return module.firstPicture
}
