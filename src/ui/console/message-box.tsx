import type { Ref } from 'preact'
import { useId } from 'preact/hooks'
import { formatBytes } from '../kit/format.ts'
import { Icon } from '../kit/icons.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'
import type { ConsoleState } from './console-state.ts'
import { FORMAT_WORDS, type MessageFormat } from './message-format.ts'

export interface MessageBoxProps {
  /** Id of the box. Only one on a page may leave it out. */
  id?: string
  state: ConsoleState
  inputRef: Ref<HTMLTextAreaElement>
  /** Why the text cannot be sent. */
  wrong: string | undefined
}

/** The message: a text, or a file that was dropped on the box. Arrow up brings back earlier texts. */
export function MessageBox({ id = 'message', state, inputRef, wrong }: MessageBoxProps) {
  const { text, file, format } = state
  const errorId = useId()
  const { isOver, target } = useOwnDrop('Drop to send the file as the message', ([dropped]) => (file.value = dropped))
  const onKeyDown = (event: KeyboardEvent): void => {
    const box = event.currentTarget
    if (!(box instanceof HTMLTextAreaElement) || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey)
      return
    const isUp = event.key === 'ArrowUp'
    if (!isUp && event.key !== 'ArrowDown') return
    // Elsewhere in a text the arrows move the cursor.
    if (isUp && box.value.slice(0, box.selectionStart).includes('\n')) return
    if (!isUp && box.value.slice(box.selectionEnd).includes('\n')) return
    if (state.recall(isUp ? -1 : 1)) event.preventDefault()
  }
  return (
    <div class={`message ${isOver ? 'over' : ''}`} {...target}>
      <div class="row">
        <label class="grow" for={id}>
          Message
        </label>
        {!file.value && (
          <select
            class="small"
            aria-label="What the text is"
            value={format.value}
            onChange={({ currentTarget }) => (format.value = currentTarget.value as MessageFormat)}
          >
            {Object.entries(FORMAT_WORDS).map(([each, words]) => (
              <option key={each} value={each}>
                {words}
              </option>
            ))}
          </select>
        )}
        <label class="link file-button">
          <span aria-hidden="true">Attach a file</span>
          <input
            type="file"
            aria-label="Attach a file"
            onChange={({ currentTarget }) => {
              file.value = currentTarget.files?.[0]
              // Lets the person choose the same file again.
              currentTarget.value = ''
            }}
          />
        </label>
      </div>
      {file.value && (
        <div class="row file">
          <span class="grow">
            {file.value.name} <span class="soft">{formatBytes(file.value.size)}</span>
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label="Remove the file"
            onClick={() => (file.value = undefined)}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
      <textarea
        id={id}
        ref={inputRef}
        spellcheck={false}
        hidden={file.value !== undefined}
        placeholder="Type it, or drop a file here"
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : errorId}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {wrong !== undefined && (
        <p id={errorId} class="call-error" role="alert">
          {wrong}
        </p>
      )}
    </div>
  )
}
