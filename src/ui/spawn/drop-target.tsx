import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { OWN_DROP } from '../kit/own-drop.ts'

const NEW_ACTOR = 'Drop to start an actor'

/** Makes the whole window accept files, and says so while files are dragged over it. */
export function DropTarget({ onFiles }: { onFiles: (files: File[]) => void }) {
  /** What a drop would do; undefined while nothing is dragged. */
  const words = useSignal<string | undefined>(undefined)
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Otherwise the browser would leave the page and open the file.
      event.preventDefault()
      words.value = ownDropOf(event)?.getAttribute(OWN_DROP) ?? NEW_ACTOR
    }
    const leave = (event: DragEvent): void => {
      // Without a related target the pointer has left the window; with one it has entered another element of the page.
      if (event.relatedTarget === null) words.value = undefined
    }
    const drop = (event: DragEvent): void => {
      words.value = undefined
      const files = [...(event.dataTransfer?.files ?? [])]
      if (files.length === 0 || ownDropOf(event)) return
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
  if (words.value === undefined) return null
  return (
    <div class="drop-overlay">
      <div>
        <b>{words.value}</b>
        <br />
        On a process, a file replaces its module; on its files, it is put there; on the message box, it is the message.
        Elsewhere a module or a snapshot becomes an actor, a recorded call is replayed, and an archive is shown before
        it is imported.
      </div>
    </div>
  )
}

function ownDropOf(event: Event): Element | null {
  return event.target instanceof Element ? event.target.closest(`[${OWN_DROP}]`) : null
}
