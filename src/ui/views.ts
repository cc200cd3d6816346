import type { FunctionComponent } from 'preact'
import { deferred } from './kit/deferred.tsx'
import type { TabModel } from './model.ts'
import type { ViewProps } from './page.ts'

export interface View {
  /** Its word in the navigation. A view without a word is reached by links only. */
  word?: string
  /** The view that the navigation marks while this one is shown. Left out: this one. */
  under?: string
  /** The number beside its word. */
  count?: (model: TabModel) => number
  Show: FunctionComponent<ViewProps>
}

/** The views in the chunk of `later-views.ts`. */
const later = () => import('./later-views.ts')

/**
 * Every view of the page, by the first piece of its address (`route.ts`), in the order of the navigation. README.md
 * says how to add one.
 */
export const VIEWS: ReadonlyMap<string, View> = new Map<string, View>([
  [
    'processes',
    {
      word: 'Processes',
      count: ({ processes }) => processes.value.length,
      Show: deferred(async () => (await later()).ProcessesView),
    },
  ],
  ['p', { under: 'processes', Show: deferred(async () => (await later()).ProcessPage) }],
  [
    'peers',
    {
      word: 'Peers',
      count: ({ peers }) => peers.value.filter(({ link, relay }) => link !== 'none' && !relay).length,
      Show: deferred(async () => (await later()).PeersView),
    },
  ],
  [
    'graph',
    {
      word: 'Graph',
      Show: deferred(async () => (await import('./graph/graph-view.tsx')).GraphView, { early: false }),
    },
  ],
  ['calls', { word: 'Calls', Show: deferred(async () => (await later()).CallsView) }],
  ['charts', { word: 'Charts', Show: deferred(async () => (await later()).ChartsView) }],
  ['replay', { under: 'calls', Show: deferred(async () => (await later()).ReplayView) }],
  ['shared', { under: 'processes', Show: deferred(async () => (await later()).SharedView) }],
  ['playground', { word: 'Playground', Show: deferred(async () => (await later()).PlaygroundView) }],
  ['settings', { word: 'Settings', Show: deferred(async () => (await later()).SettingsView) }],
])
