import type { ProcessView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { hashOf, HOME, type Route } from '../route.ts'

/** What a step looks at. */
export interface TourContext {
  model: Pick<TabModel, 'processes'>
  page: Pick<Page, 'consoleOf' | 'selected' | 'sharing' | 'joinShown'>
  route: { readonly value: Route }
}

/** Something that the person does with a control of the page. */
export interface Step {
  readonly title: string
  readonly words: string
  /** Selector of the control, or of several. */
  readonly control: string
  /** The views that have the control. Left out: all have it. */
  readonly views?: readonly string[]
  /** Selector of what leads to such a view. @param view The view that is shown. */
  readonly way?: (view: string) => string
  /** The hash of a place that has the control. */
  readonly place?: (context: TourContext) => string
  /** Remembers how things stand. @returns whether the person has done it since. That function reads signals. */
  readonly begin: (context: TourContext) => () => boolean
}

export const STEPS: readonly Step[] = [
  {
    title: 'Start an actor',
    words: 'An actor is a small program that answers messages. Press one of the names: it starts here, in this tab.',
    control: '.start .bundled',
    views: [HOME],
    way: () => '#processes-tab',
    place: () => hashOf(HOME),
    begin: ({ model: { processes } }) => {
      // The list is empty until the peer has started.
      let before = pidsOf(processes.value)
      return () => {
        const now = pidsOf(processes.value)
        if (before.size === 0) before = now
        return processes.value.some(({ pid, root }) => !root && !before.has(pid))
      }
    },
  },
  {
    title: 'Call it',
    words: 'Type a message, such as 5, and press Call. The reply appears beneath.',
    control: '.call-box .message textarea, .call-box .button.main',
    views: [HOME, 'p', 'playground'],
    way: () => '#processes-tab',
    place: () => hashOf(HOME),
    begin: ({ model: { processes }, page }) => {
      const callOf = (process: ProcessView) => page.consoleOf(process).call.value
      const before = new Set(processes.value.map(callOf))
      return () =>
        processes.value.some((process) => {
          const call = callOf(process)
          return call !== undefined && !before.has(call) && call.view.value.state !== 'running'
        })
    },
  },
  {
    title: 'See the call',
    words: 'This tab records calls. Open Calls, and there the newest one: who called, how long it took, how it ended.',
    control: '.view.calls .rows tbody a',
    views: ['calls'],
    way: () => '#calls-tab',
    place: () => hashOf('calls'),
    begin:
      ({ route }) =>
      () =>
        route.value.view === 'calls' && route.value.id !== '',
  },
  {
    title: 'Share it',
    words: 'Each process has a page: choose its name in the list. Share there makes a link with which others call it.',
    control: '.process-actions [data-tour=share]',
    views: ['p'],
    way: (view) => (view === HOME ? 'tr[aria-selected=true] .name > a' : '#processes-tab'),
    place: ({ model, page }) => {
      const processes = model.processes.value
      const chosen = processes.find(({ pid }) => pid === page.selected.value) ?? processes.at(-1)
      return chosen ? hashOf('p', chosen.pid) : hashOf(HOME)
    },
    begin:
      ({ page }) =>
      () =>
        page.sharing.value !== undefined || page.joinShown.value,
  },
  {
    title: 'See who is there',
    words: 'Graph draws this tab, its relays, other peers and their processes. Each call is a pulse.',
    control: '#graph-tab',
    begin:
      ({ route }) =>
      () =>
        route.value.view === 'graph',
  },
]

function pidsOf(processes: readonly ProcessView[]): Set<string> {
  return new Set(processes.map(({ pid }) => pid))
}

/** Selector of what the step points at in a view: its control, or what leads there. */
export function pointedAt({ control, views, way }: Step, view: string): string {
  return views === undefined || views.includes(view) ? control : (way?.(view) ?? control)
}
