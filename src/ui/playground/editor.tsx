import type { RefObject } from 'preact'
import { useId, useRef } from 'preact/hooks'
import type { ScriptLanguage } from '../model.ts'
import { MAX_TEXT } from './playground-state.ts'

export interface EditorProps {
  text: string
  language: ScriptLanguage
  isWrong: boolean
  inputRef: RefObject<HTMLTextAreaElement | null>
  onEdit: (text: string) => void
  onBuild: () => void
}

/** The text. Tab indents; after Escape it leaves the box, as everywhere else. */
export function Editor({ text, language, isWrong, inputRef, onEdit, onBuild }: EditorProps) {
  const id = useId()
  const leaves = useRef(false)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      leaves.current = true
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      onBuild()
    } else if (event.key === 'Tab' && !event.shiftKey && !event.ctrlKey && !event.altKey && !leaves.current) {
      event.preventDefault()
      // No other way of changing a text box keeps its undo.
      // oxlint-disable-next-line typescript/no-deprecated
      document.execCommand('insertText', false, '  ')
    } else if (event.key !== 'Shift' && event.key !== 'Tab') {
      leaves.current = false
    }
  }
  return (
    <div class="form-field">
      <label for={id}>{language}</label>
      <textarea
        ref={inputRef}
        id={id}
        class="playground-text"
        aria-describedby={`${id}-keys`}
        aria-invalid={isWrong}
        rows={20}
        wrap="off"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        maxLength={MAX_TEXT}
        value={text}
        onInput={({ currentTarget }) => onEdit(currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => (leaves.current = false)}
      />
      <p id={`${id}-keys`} class="soft">
        Tab indents. To leave the text, press Escape, then Tab. Ctrl Enter builds.
      </p>
    </div>
  )
}
