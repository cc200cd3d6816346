import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { CopyButton } from './copy-button.tsx'
import { fetchLine } from './fetch-line.ts'
import { shortId } from './format.ts'
import { MessageBox } from './message-box.tsx'
import type { ProcessView, TabModel } from './model.ts'
import { ProcessLog } from './process-log.tsx'
import { ReplyView } from './reply-view.tsx'
import { RunningCall } from './running-call.ts'

const SHORTCUT = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘ ↵' : 'Ctrl ↵'

export interface ConsoleProps {
  model: TabModel
  process: ProcessView
  /** Put the cursor into the message when this changes: a new process was made. */
  focusKey: number
  onKill: () => void
}

/** Sends messages to the chosen process and shows what it says. Keyed by PID: each process keeps none of another's. */
export function Console({ model, process, focusKey, onKill }: ConsoleProps) {
  const { pid, name, methods, root } = process
  const method = useSignal(methods[0] ?? '')
  const text = useSignal('')
  const file = useSignal<File | undefined>(undefined)
  const call = useSignal<RunningCall | undefined>(undefined)
  const isRunning = useComputed(() => call.value?.view.value.state === 'running')
  const lines = useMemo(() => model.log(pid), [model, pid])
  const input = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (focusKey > 0) input.current?.focus()
  }, [focusKey])

  const send = (): void => {
    if (isRunning.value) return
    const message = file.value ?? new TextEncoder().encode(text.value)
    call.value = new RunningCall(model.call(pid, method.value, message))
  }
  return (
    <aside class="panel console" aria-label={`Console of ${name}`}>
      <h2>
        {name} <span class="mono soft">{shortId(pid)}</span>
        <span class="grow" />
        {!root && (
          <button type="button" class="button" onClick={onKill}>
            Kill
          </button>
        )}
      </h2>
      <div class="field">
        <label>
          Method
          <select value={method.value} onChange={({ currentTarget }) => (method.value = currentTarget.value)}>
            {methods.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <MessageBox text={text} file={file} onCall={send} inputRef={input} />
        <div class="row">
          {isRunning.value ? (
            <button type="button" class="button" onClick={() => call.value?.cancel()}>
              Cancel
            </button>
          ) : (
            <button type="button" class="button main" onClick={send}>
              Call
            </button>
          )}
          <CopyButton
            class="button"
            label="Copy as fetch"
            text={() => fetchLine(model.basePath, pid, method.value, file.value ? undefined : text.value)}
          >
            Copy as fetch
          </CopyButton>
          <span class="grow" />
          <span class="soft mono" aria-hidden="true">
            {SHORTCUT}
          </span>
        </div>
        <ReplyView call={call.value} fileName={`${name}-${method.value}-reply`} />
      </div>
      <ProcessLog lines={lines.value} />
    </aside>
  )
}
