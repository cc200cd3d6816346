import { type Signal, useSignal } from '@preact/signals'
import type { Ref } from 'preact'
import { OWN_DROP } from './drop-target.tsx'
import { formatBytes } from './format.ts'
import { Icon } from './icons.tsx'

export interface MessageBoxProps {
  text: Signal<string>
  /** A file that is sent instead of the text. */
  file: Signal<File | undefined>
  onCall: () => void
  inputRef: Ref<HTMLTextAreaElement>
}

/** The message: typed, or a file that is dropped on the box. */
export function MessageBox({ text, file, onCall, inputRef }: MessageBoxProps) {
  const over = useSignal(false)
  const drop = (event: DragEvent): void => {
    over.value = false
    const [dropped] = event.dataTransfer?.files ?? []
    if (!dropped) return
    event.preventDefault()
    file.value = dropped
  }
  return (
    <div
      class={`message ${over.value ? 'over' : ''}`}
      {...{ [OWN_DROP]: '' }}
      onDragEnter={() => (over.value = true)}
      onDragLeave={() => (over.value = false)}
      onDrop={drop}
    >
      <label for="message">Message</label>
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
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          onCall()
        }}
      />
    </div>
  )
}
