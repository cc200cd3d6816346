import { type Signal, useComputed, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { ConsoleState } from './console-state.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { curlLine, fetchLine } from './call-line.ts'
import { deferred } from '../kit/deferred.tsx'
import { emptyNote } from './empty-note.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatMoment, shortId } from '../kit/format.ts'
import { MessageBox } from './message-box.tsx'
import type { ProcessView, TabModel } from '../model.ts'
import { ProcessDetails } from '../processes/process-details.tsx'
import { ProcessEnd } from '../processes/process-end.tsx'
import { ProcessLog } from '../processes/process-log.tsx'
import { ReplyView } from './reply-view.tsx'
import { RestartButton } from '../processes/restart-button.tsx'
import { RunningCall } from './running-call.ts'
import { Swap } from '../processes/swap.ts'

const SwapPanel = deferred((views) => views.SwapPanel)

const SHORTCUT = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘ ↵' : 'Ctrl ↵'

export interface ConsoleProps {
  model: TabModel
  process: ProcessView
  state: ConsoleState
  /** PID of a process that was just made: its message box gets the cursor. Cleared when that is done. */
  focusPid: Signal<string | undefined>
  onKill: () => void
  /** Called when the process runs the module of the file. */
  onSwapped: (fileName: string, undo: () => Promise<void>) => void
}

/** Sends messages to the chosen process and shows its replies. */
export function Console({ model, process, state, focusPid, onKill, onSwapped }: ConsoleProps) {
  const { pid, name, methods, root, lastError } = process
  const { method, text, file, call, restart } = state
  const swap = state.swap.value
  const gateway = model.gateway.value
  const peerId = model.peerId.value
  const hasEnded = process.state === 'dead' || process.state === 'backoff'
  const isRunning = useComputed(() => call.value?.view.value.state === 'running')
  const lines = useMemo(() => model.log(pid), [model, pid])
  const input = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    // A new version of the module may lack the chosen method.
    if (!methods.includes(method.value)) method.value = methods[0] ?? ''
  }, [methods])
  useSignalEffect(() => {
    if (focusPid.value !== pid) return
    input.current?.focus()
    focusPid.value = undefined
  })

  const closeSwap = (): void => {
    state.setSwap(undefined)
    // The panel that had the focus is gone.
    input.current?.focus()
  }
  const send = (): void => {
    if (isRunning.value) return
    const message = file.value ?? new TextEncoder().encode(text.value)
    const note = emptyNote(root, method.value)
    call.value = new RunningCall(model.call(pid, method.value, message), note)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    send()
  }
  return (
    <aside class="panel console" aria-label={`Console of ${name}`} onKeyDown={onKeyDown}>
      <h2>
        {name} <span class="mono soft">{shortId(pid)}</span>
        <span class="grow" />
        {!hasEnded && <RestartButton attempt={restart} onRestart={() => void restart.run(() => model.restart(pid))} />}
        {!root && (
          <button type="button" class="button" onClick={onKill}>
            Kill
          </button>
        )}
      </h2>
      {!hasEnded && <ErrorLine error={restart.error.value} />}
      {swap && (
        <SwapPanel
          key={swap}
          process={process}
          swap={swap}
          onSwapped={(undo) => {
            closeSwap()
            onSwapped(swap.draft.fileName, undo)
          }}
          onCancel={closeSwap}
        />
      )}
      <ProcessEnd process={process} attempt={restart} onRestart={() => void restart.run(() => model.restart(pid))} />
      <div class="field">
        <label>
          Method
          <select value={method.value} onChange={({ currentTarget }) => (method.value = currentTarget.value)}>
            {methods.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <MessageBox text={text} file={file} inputRef={input} />
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
          {gateway !== undefined && peerId !== undefined && (
            <CopyButton
              class="button"
              label="Copy as curl"
              text={() =>
                curlLine({ gateway, peerId, pid, method: method.value, body: file.value ? undefined : text.value })
              }
            >
              Copy as curl
            </CopyButton>
          )}
          <span class="grow" />
          <span class="soft mono" aria-hidden="true">
            {SHORTCUT}
          </span>
        </div>
        <ReplyView call={call.value} fileName={`${name}-${method.value}-reply`} />
      </div>
      {lastError && process.state !== 'dead' && lastError.message !== call.value?.view.value.error?.message && (
        <p class="last-error">
          <span class="label">Last error, {formatMoment(lastError.at)}</span>
          {lastError.message} <span class="mono">{lastError.code}</span>
        </p>
      )}
      <ProcessDetails
        model={model}
        process={process}
        onSwapFile={(chosen) => state.setSwap(new Swap(model.draft(chosen)))}
      />
      <ProcessLog
        lines={state.linesOf(lines.value)}
        onClear={() => (state.clearedUpTo.value = lines.value[lines.value.length - 1])}
      />
    </aside>
  )
}
