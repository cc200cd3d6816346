import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Icon } from './icons.tsx'

/** How long the button shows the result, in ms. */
const SAID_MS = 1500

export interface CopyButtonProps {
  /** The text to copy; a function if computing it is work. */
  text: string | (() => string)
  /** Name and title of the button. */
  label: string
  /** The text on the button, if the label does not have it: people who speak to their computer say what they see. */
  shown?: string
  class?: string
  disabled?: boolean
  children?: ComponentChildren
}

/** Copies a text and says so. */
export function CopyButton({
  text,
  label,
  shown,
  class: className = 'icon-button',
  disabled = false,
  children,
}: CopyButtonProps) {
  const said = useSignal<'copied' | 'failed' | undefined>(undefined)
  const copy = async (event: Event): Promise<void> => {
    // Copying an id in a row does not choose the row.
    event.stopPropagation()
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      said.value = 'copied'
    } catch {
      said.value = 'failed' // No permission. The button says so.
    }
    setTimeout(() => (said.value = undefined), SAID_MS)
  }
  const title = said.value === 'copied' ? 'Copied' : said.value === 'failed' ? 'The browser refused to copy' : label
  return (
    <button
      type="button"
      class={className}
      title={title}
      aria-label={shown === undefined ? label : `${label}, ${shown}`}
      disabled={disabled}
      onClick={(event) => void copy(event)}
    >
      {children}
      <Icon name={said.value === 'copied' ? 'done' : 'copy'} />
      <span class="sr-only" role="status">
        {said.value ? title : ''}
      </span>
    </button>
  )
}
