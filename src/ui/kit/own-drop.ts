import { useSignal } from '@preact/signals'
import type { TargetedDragEvent } from 'preact'

/** Marks places where a dropped file means something other than a new actor. The value says what. */
export const OWN_DROP = 'data-own-drop'

/**
 * A place where dropped files mean something other than new actors.
 * @param words What a drop does there, shown while files are dragged over it.
 * @returns the attributes of its element, and whether files are over it.
 */
export function useOwnDrop(words: string, onFiles: (files: readonly [File, ...File[]]) => void) {
  const over = useSignal(false)
  const target = {
    [OWN_DROP]: words,
    onDragEnter: () => (over.value = true),
    onDragLeave: ({ currentTarget, relatedTarget }: TargetedDragEvent<HTMLElement>) => {
      over.value = relatedTarget instanceof Node && currentTarget.contains(relatedTarget)
    },
    onDrop: (event: DragEvent) => {
      over.value = false
      const [file, ...others] = event.dataTransfer?.files ?? []
      // A place inside of this one may have taken it.
      if (!file || event.defaultPrevented) return
      event.preventDefault()
      onFiles([file, ...others])
    },
  }
  return { isOver: over.value, target }
}
