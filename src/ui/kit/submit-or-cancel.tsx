import { useRef } from 'preact/hooks'
import { useMovedFocus } from './use-moved-focus.ts'
import type { Wait } from './use-wait.ts'

export interface SubmitOrCancelProps {
  /** What the button that submits the form says. */
  label: string
  /** How long what was submitted has run. */
  wait: Wait
  onCancel: () => void
}

/** The button that submits a form. While what was submitted runs for long, one that cancels it takes its place and its focus. */
export function SubmitOrCancel({ label, wait, onCancel }: SubmitOrCancelProps) {
  const button = useRef<HTMLButtonElement>(null)
  useMovedFocus(() => button.current, wait === 'long')
  // With one shared element, the click on Cancel would reach a submit button. The keys prevent that.
  return wait === 'long' ? (
    <button ref={button} key="cancel" type="button" class="button" onClick={onCancel}>
      Cancel
    </button>
  ) : (
    <button ref={button} key="submit" type="submit" class="button main">
      {label}
    </button>
  )
}
