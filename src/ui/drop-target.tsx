import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** Marks places where a dropped file means something else than a new actor. */
export const OWN_DROP = 'data-own-drop'

/** Makes the whole window take files, and says so while some are dragged over it. */
export function DropTarget({ onFiles }: { onFiles: (files: File[]) => void }) {
  const dragging = useSignal(false)
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Without this the browser would leave the page and open the file.
      event.preventDefault()
      dragging.value = true
    }
    const leave = (event: DragEvent): void => {
      // Leaving for nothing is leaving the window; else another element of the page is entered.
      if (event.relatedTarget === null) dragging.value = false
    }
    const drop = (event: DragEvent): void => {
      dragging.value = false
      const files = [...(event.dataTransfer?.files ?? [])]
      if (files.length === 0 || hasOwnDrop(event)) return
      event.preventDefault()
      onFiles(files)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [])
  if (!dragging.value) return null
  return (
    <div class="drop-overlay">
      <div>
        <b>Drop to start an actor</b>
        <br />
        Each .wasm becomes a process here, callable at once. Drop on the message box to send a file instead.
      </div>
    </div>
  )
}

function hasOwnDrop(event: Event): boolean {
  return event.target instanceof Element && event.target.closest(`[${OWN_DROP}]`) !== null
}
