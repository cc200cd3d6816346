import { effect, untracked } from '@preact/signals'
import type { RefObject } from 'preact'
import { useLayoutEffect } from 'preact/hooks'
import { route } from './router.ts'

/**
 * Shows a dialog as a modal one, until it is unmounted. It belongs to the place where it was opened.
 * @param onClose Called when the page goes to another place.
 */
export function useModal(dialog: RefObject<HTMLDialogElement | null>, onClose: () => void): void {
  useLayoutEffect(() => {
    const element = dialog.current
    const opened = route.peek()
    element?.showModal()
    const stop = effect(() => {
      if (route.value !== opened) untracked(onClose)
    })
    return () => {
      stop()
      // This gives the focus back. An element that is only removed does not.
      element?.close()
    }
  }, [])
}
