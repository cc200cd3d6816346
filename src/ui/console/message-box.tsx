import type { Signal } from '@preact/signals'
import type { Ref } from 'preact'
import { formatBytes } from '../kit/format.ts'
import { Icon } from '../kit/icons.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'

export interface MessageBoxProps {
  text: Signal<string>
  /** A file that is sent instead of the text. */
  file: Signal<File | undefined>
  inputRef: Ref<HTMLTextAreaElement>
}

/** The message: a text, or a file that was dropped on the box. */
export function MessageBox({ text, file, inputRef }: MessageBoxProps) {
  const { isOver, target } = useOwnDrop('Drop to send the file as the message', ([dropped]) => (file.value = dropped))
  return (
    <div class={`message ${isOver ? 'over' : ''}`} {...target}>
      <div class="row">
        <label class="grow" for="message">
          Message
        </label>
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
        id="message"
        ref={inputRef}
        spellcheck={false}
        hidden={file.value !== undefined}
        placeholder="Type it, or drop a file here"
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
    </div>
  )
}
