import type { Signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { ConsoleState } from './console-state.ts'
import { CallBox } from './call-box.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatMoment, shortId } from '../kit/format.ts'
import type { ProcessSource, ProcessView, TabModel, Undoable } from '../model.ts'
import { ProcessDetails } from '../processes/process-details.tsx'
import { ProcessEnd } from '../processes/process-end.tsx'
import { ProcessLog } from '../processes/process-log.tsx'
import { hashOfProcess } from '../route.ts'
import { RestartButton } from '../processes/restart-button.tsx'
import { Swap } from '../processes/swap.ts'
import { SwapPanel } from '../processes/swap-panel.tsx'

export interface ConsoleProps {
  model: TabModel
  /** Whoever has the process. Left out: this tab. */
  source?: ProcessSource
  process: ProcessView
  state: ConsoleState
  /** PID of a process that was just made: its message box gets the cursor. Cleared when that is done. */
  focusPid: Signal<string | undefined>
  onKill: () => void
  /** Called when the process runs the module of the file. */
  onSwapped: (fileName: string, undo: Undoable['undo']) => void
}

/** Sends messages to the chosen process and shows its replies. */
export function Console({ model, source = model, process, state, focusPid, onKill, onSwapped }: ConsoleProps) {
  const { pid, name, root, lastError } = process
  const { call, restart } = state
  const swap = state.swap.value
  const hasEnded = process.state === 'dead' || process.state === 'backoff'
  const lines = useMemo(() => source.log(pid), [source, pid])
  const restartNow = (): void => void restart.run(() => source.restart(pid))

  const closeSwap = (): void => {
    state.setSwap(undefined)
    // The panel that had the focus is gone.
    focusPid.value = pid
  }
  return (
    <aside class="panel console" aria-label={`Console of ${name}`}>
      <h2>
        <a class="open-page" href={hashOfProcess(process)} title="Show the process on a page of its own">
          {name}
        </a>{' '}
        <span class="mono soft">{shortId(pid)}</span>
        <span class="grow" />
        {!hasEnded && <RestartButton attempt={restart} process={process} onRestart={restartNow} />}
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
      <ProcessEnd process={process} attempt={restart} onRestart={restartNow} />
      <CallBox model={model} process={process} state={state} focusPid={focusPid} />
      {lastError && process.state !== 'dead' && lastError.message !== call.value?.view.value.error?.message && (
        <p class="last-error">
          <span class="label">Last error, {formatMoment(lastError.at)}</span>
          {lastError.message} <span class="mono">{lastError.code}</span>
        </p>
      )}
      <ProcessDetails
        model={model}
        source={source}
        process={process}
        onSwapFile={(chosen) => state.setSwap(new Swap(source.draft(chosen)))}
      />
      <ProcessLog
        lines={state.linesOf(lines.value)}
        onClear={() => (state.clearedUpTo.value = lines.value[lines.value.length - 1])}
      />
    </aside>
  )
}
