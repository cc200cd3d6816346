// oxlint-disable-next-line import/no-unassigned-import -- Node 20 lacks what the views use
import './node/polyfill.ts'
import { renderToString } from 'preact-render-to-string'
import { LiveTabModel } from './tab/tab-model.ts'
import { App } from './ui/app.tsx'
import { loadEarlyViews } from './ui/kit/deferred.tsx'

// If they cannot be had here, the build fails. Alone, the next line would leave them out.
await import('./ui/later-views.ts')
await loadEarlyViews()

/** The page as a first visit begins, before the peer has started, as HTML. */
export const firstPicture = renderToString(<App model={new LiveTabModel(async () => undefined)} />)
