import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** After this time a wait shows its progress, in ms. Before it progress would only flicker. */
const PROGRESS_AFTER_MS = 300
/** After this time a wait can be cancelled, in ms. */
const CANCEL_AFTER_MS = 1000

/** How long a wait has lasted: not worth a word, worth progress, worth a button to cancel. */
export type Wait = 'short' | 'noticed' | 'long'

/** @param since When the wait began, in ms since the epoch; undefined while there is none. */
export function useWait(since: number | undefined): Wait {
  const wait = useSignal<Wait>('short')
  useEffect(() => {
    if (since === undefined) return undefined
    const age = Date.now() - since
    const timers = [
      setTimeout(() => (wait.value = 'noticed'), PROGRESS_AFTER_MS - age),
      setTimeout(() => (wait.value = 'long'), CANCEL_AFTER_MS - age),
    ]
    return () => {
      timers.forEach(clearTimeout)
      wait.value = 'short'
    }
  }, [since])
  return since === undefined ? 'short' : wait.value
}
