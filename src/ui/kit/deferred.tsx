import { signal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { nextTask } from '../../glia/wait/next-task.ts'
import { showError } from './notices.tsx'
import { useWait } from './use-wait.ts'

/** Loads the early views, once each. */
const early: (() => Promise<void>)[] = []

export interface DeferredOptions {
  /**
   * Left out or true: `loadDeferred` loads the view when the page is idle, so that it shows in the frame in which it is
   * asked for. False for a view that brings a library: it is loaded when it is shown.
   */
  early?: boolean
}

/** A view that no first call needs. Its code is in another chunk, and is loaded when the view is first shown. */
export function deferred<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
  { early: isEarly = true }: DeferredOptions = {},
): FunctionComponent<Props> {
  const view = signal<FunctionComponent<Props> | undefined>(undefined)
  const loadOnce = async (): Promise<void> => {
    if (view.peek()) return
    const loaded = await load()
    // A task for its code and one for its first rendering: on a phone both together would hold up a tap.
    await nextTask()
    view.value ??= loaded
  }
  const loadWanted = (): void => {
    loadOnce().catch(() => {
      const why = new Error('This part of the page is not stored in this browser, and the server did not send it.')
      showError('A part of the page could not be loaded', why, { label: 'Try again', run: loadWanted })
    })
  }
  if (isEarly) early.push(loadOnce)
  return function Deferred(props: Props) {
    useEffect(loadWanted, [])
    const View = view.value
    return View ? <View {...props} /> : <Loading />
  }
}

/** Loads the early views when the page is idle. */
export function loadDeferred(): void {
  // Older versions of Safari have no `requestIdleCallback`.
  if ('requestIdleCallback' in globalThis) requestIdleCallback(() => void loadEarlyViews())
  else setTimeout(() => void loadEarlyViews())
}

/** Loads the early views. It never rejects: a view that fails to load is loaded again when it is shown. */
export async function loadEarlyViews(): Promise<void> {
  await Promise.allSettled(early.map((load) => load()))
}

function Loading() {
  const since = useMemo(() => Date.now(), [])
  const wait = useWait(since)
  return (
    <p class="soft hint" role="status">
      {wait !== 'short' && 'Loading…'}
    </p>
  )
}
