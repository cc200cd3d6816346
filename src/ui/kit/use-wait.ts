import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** What takes longer shows progress; what is quicker would only flicker. In ms. */
const PROGRESS_AFTER_MS = 300
/** What takes longer can be cancelled. In ms. */
const CANCEL_AFTER_MS = 1000

/** How long someone has waited: not worth a word, worth showing progress, worth offering to cancel. */
export type Wait = 'short' | 'noticed' | 'long'

/** @param since When it began, in ms since the epoch; undefined when nothing is under way. */
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
