import { signal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { showError } from './notices.tsx'
import { useWait } from './use-wait.ts'

type Views = typeof import('../later-views.ts')

const views = signal<Views | undefined>(undefined)

/**
 * A view that no first call needs. Its code is in another chunk. After `loadDeferred` the view shows in the frame in
 * which it is asked for. If it is asked for earlier, the chunk is loaded then.
 */
export function deferred<Props extends object>(
  pick: (from: Views) => FunctionComponent<Props>,
): FunctionComponent<Props> {
  return function Deferred(props: Props) {
    useEffect(loadWanted, [])
    const View = views.value && pick(views.value)
    return View ? <View {...props} /> : <Loading />
  }
}

/** Loads all deferred views when the page is idle. A view that fails to load is loaded again when it is shown. */
export function loadDeferred(): void {
  // Older versions of Safari have no `requestIdleCallback`.
  if ('requestIdleCallback' in globalThis) requestIdleCallback(loadEarly)
  else setTimeout(loadEarly)
}

function loadEarly(): void {
  load().catch(() => undefined)
}

async function load(): Promise<void> {
  views.value ??= await import('../later-views.ts')
}

function loadWanted(): void {
  load().catch(() => {
    const why = new Error('This part of the page is not stored in this browser, and the server did not send it.')
    showError('A part of the page could not be loaded', why, { label: 'Try again', run: loadWanted })
  })
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
