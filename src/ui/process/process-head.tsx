import { useMemo } from 'preact/hooks'
import type { ConsoleState } from '../console/console-state.ts'
import { Attempt } from '../kit/attempt.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatCount, formatMs, shortId } from '../kit/format.ts'
import { Identicon } from '../kit/identicon.tsx'
import { ProcessState } from '../processes/process-state.tsx'
import { RestartButton } from '../processes/restart-button.tsx'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessSource, ProcessView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { killProcess } from '../process-acts.ts'
import { nextName } from './next-name.ts'
import { ShareDialog } from './share-dialog.tsx'
import { Figure } from '../kit/figure.tsx'
import { hashOf, HOME, PEERS } from '../route.ts'
import { goTo } from '../router.ts'

export interface ProcessHeadProps {
  model: TabModel
  /** Whoever has the process. */
  source: ProcessSource
  page: Page
  process: ProcessView
  state: ConsoleState
}

/** Who a process is, how it stands, and what can be done with it, whatever it is doing. */
export function ProcessHead({ model, source, page, process, state }: ProcessHeadProps) {
  const { cancelRunning, duplicate } = source
  const { pid, host, name, root, hasKeys, messages, p50Ms, memoryBytes, waiting } = process
  const cancel = useMemo(() => new Attempt(), [pid])
  const copy = useMemo(() => new Attempt(), [pid])
  const { restart } = state
  const isLive = process.state !== 'dead' && process.state !== 'backoff'
  const makeTwin = async (make: NonNullable<typeof duplicate>): Promise<void> => {
    const names = model.processes.value.map((each) => each.name)
    const made = await make(pid, nextName(name, names))
    page.showMade(made)
    goTo(hashOf('p', made))
  }
  return (
    <div class="process-head">
      <div class="process-who">
        {host === undefined ? (
          <a href={hashOf(HOME)}>Processes</a>
        ) : (
          <a href={hashOf(PEERS, host)} title={`The peer ${host}, which has the process`}>
            {peerWords(host)}
          </a>
        )}
        <h2>{name}</h2>
        <CopyButton class="id-button" text={pid} label={`Copy PID ${pid}`} shown={shortId(pid)}>
          <Identicon text={pid} />
          <span class="mono soft">{shortId(pid)}</span>
        </CopyButton>
        <span class="process-state">
          <ProcessState process={process} />
        </span>
      </div>
      <dl class="figures process-figures">
        <Figure name="Messages" value={formatCount(messages)} />
        <Figure name="Waiting" value={formatCount(waiting)} />
        <Figure name="p50" value={formatMs(p50Ms)} />
        <Figure name="Memory" value={formatBytes(memoryBytes)} />
      </dl>
      <div class="row process-actions">
        {isLive && (
          <RestartButton
            attempt={restart}
            process={process}
            onRestart={() => void restart.run(() => source.restart(pid))}
          />
        )}
        {cancelRunning && !hasKeys && (
          <button
            type="button"
            class="button"
            title="Ends the message that runs, whoever sent it. A guest that does not return is ended."
            disabled={process.state !== 'busy'}
            onClick={() => void cancel.run(() => cancelRunning(pid))}
          >
            Cancel message
          </button>
        )}
        {duplicate && !root && (
          <button
            type="button"
            class="button"
            title="Makes another process with the same module, options and files. Its memory is fresh."
            disabled={copy.since.value !== undefined}
            onClick={() => void copy.run(() => makeTwin(duplicate))}
          >
            Duplicate
          </button>
        )}
        {host === undefined && (
          <button type="button" class="button" data-tour="share" onClick={() => (page.sharing.value = pid)}>
            Share
          </button>
        )}
        {!root && (
          <button type="button" class="button" onClick={() => void killProcess(page, process, source)}>
            Kill
          </button>
        )}
      </div>
      {host === undefined && page.sharing.value === pid && (
        <ShareDialog model={model} process={process} onClose={() => (page.sharing.value = undefined)} />
      )}
      <ErrorLine error={cancel.error.value ?? copy.error.value ?? (isLive ? restart.error.value : undefined)} />
    </div>
  )
}
