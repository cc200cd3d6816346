import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { shortId } from '../kit/format.ts'
import { useWait } from '../kit/use-wait.ts'
import type { ProcessView, TabModel } from '../model.ts'
import { PolicyFacts } from '../processes/process-facts.tsx'
import { LogLines } from '../processes/process-log.tsx'
import { ProcessState } from '../processes/process-state.tsx'
import { ReplaceButton } from '../processes/replace-button.tsx'
import { RestartButton } from '../processes/restart-button.tsx'
import { Swap } from '../processes/swap.ts'
import { SwapPanel } from '../processes/swap-panel.tsx'
import type { ManagedPeer } from './managed-peer.ts'
import { PeerCall } from './peer-call.tsx'

export interface ManagedProcessProps {
  model: TabModel
  managed: ManagedPeer
  process: ProcessView
  /** A file that was dropped on the process. */
  swap: Swap | undefined
  onSwap: (swap: Swap | undefined) => void
}

/** A process of a peer that this tab may manage, and what can be done with it. */
export function ManagedProcess({ model, managed, process, swap, onSwap }: ManagedProcessProps) {
  const { pid, name, root, methods, hasKeys, death } = process
  const restart = useMemo(() => new Attempt(), [])
  const asksKill = useSignal(false)
  useEffect(() => {
    managed.show(pid)
    return () => managed.show(undefined)
  }, [])
  return (
    <section class="managed-process" aria-label={`${name}, managed`}>
      <div class="row">
        <h3>{name}</h3>
        <CopyButton class="id-button" text={pid} label={`Copy PID ${pid}`} shown={shortId(pid)}>
          <span class="mono soft">{shortId(pid)}</span>
        </CopyButton>
        <ProcessState process={process} />
      </div>
      {death !== undefined && <p class="soft">{death}</p>}
      <div class="row">
        <RestartButton
          attempt={restart}
          process={process}
          onRestart={() => void restart.run(() => managed.restart(pid))}
        />
        <SnapshotButton managed={managed} process={process} />
        {!root && <ReplaceButton onFile={(file) => onSwap(new Swap(managed.draft(file)))} />}
        {!root && (
          <button type="button" class="button" aria-expanded={asksKill.value} onClick={() => (asksKill.value = true)}>
            Kill…
          </button>
        )}
      </div>
      <ErrorLine error={restart.error.value} />
      {asksKill.value && <KillQuestion managed={managed} process={process} onClose={() => (asksKill.value = false)} />}
      {swap && (
        <SwapPanel
          key={swap}
          process={process}
          swap={swap}
          onSwapped={() => onSwap(undefined)}
          onCancel={() => {
            swap.cancel()
            onSwap(undefined)
          }}
        />
      )}
      <PeerCall
        model={model}
        peerId={managed.peerId}
        process={pid}
        name={name}
        methods={methods}
        hasKeys={hasKeys}
        isCalledAtOnce={false}
      />
      <dl class="facts">
        <PolicyFacts model={managed} process={process} />
      </dl>
      {managed.lines.value.length > 0 && <LogLines lines={managed.lines.value} />}
    </section>
  )
}

function SnapshotButton({ managed, process: { pid, name } }: { managed: ManagedPeer; process: ProcessView }) {
  const attempt = useMemo(() => new Attempt(), [])
  const wait = useWait(attempt.since.value)
  const take = (): void =>
    void attempt.run(async (cancelled) => download(await managed.snapshot(pid, cancelled), `${name}.gliasnap`))
  return (
    <>
      <button
        type="button"
        class="button"
        title="The process as a file: its module, what it has in memory, and its files"
        aria-busy={wait !== 'short'}
        onClick={take}
      >
        {wait === 'short' ? 'Download snapshot' : 'Taking a snapshot…'}
      </button>
      <ErrorLine error={attempt.error.value} />
    </>
  )
}

/** Nobody can bring it back, so the person is asked. */
function KillQuestion({
  managed,
  process: { pid, name },
  onClose,
}: {
  managed: ManagedPeer
  process: ProcessView
  onClose: () => void
}) {
  const attempt = useMemo(() => new Attempt(), [])
  const kill = async (): Promise<void> => {
    await managed.kill(pid)
    onClose()
  }
  return (
    <div class="warning" role="group" aria-label={`Kill ${name}?`}>
      <p>Kill {name}? Its address, what it has in memory and its files under /data are lost. Nobody can undo that.</p>
      <div class="row">
        <button type="button" class="button" onClick={() => void attempt.run(kill)}>
          Kill it
        </button>
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
      </div>
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}
