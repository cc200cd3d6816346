import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { ErrorLine } from '../kit/error-line.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessView, TabModel } from '../model.ts'
import { ProcessList, ProcessListState } from '../processes/process-list.tsx'
import { Swap } from '../processes/swap.ts'
import { AddActorInput } from '../spawn/add-actor.tsx'
import { SpawnSheets } from '../spawn/spawn-sheets.tsx'
import type { ManagedPeer } from './managed-peer.ts'
import { ManagedProcess } from './managed-process.tsx'

export interface ManagedProcessesProps {
  model: TabModel
  managed: ManagedPeer
  processes: readonly ProcessView[]
}

/** All processes of a peer that this tab may manage. Files that are dropped there become processes of that peer. */
export function ManagedProcesses({ model, managed, processes }: ManagedProcessesProps) {
  const state = useMemo(() => new ProcessListState(), [])
  const selected = useSignal<string | undefined>(undefined)
  const swap = useSignal<{ pid: string; swap: Swap } | undefined>(undefined)
  const given = useSignal<readonly File[]>([])
  const process = processes.find(({ pid }) => pid === selected.value)
  const peer = peerWords(managed.peerId)
  const setSwap = (next: Swap | undefined, pid = selected.value): void => {
    swap.value?.swap.cancel()
    swap.value = next && pid !== undefined ? { pid, swap: next } : undefined
  }
  const { isOver, target } = useOwnDrop(`Drop to start an actor on ${peer}`, (files) => {
    given.value = [...given.value, ...files]
  })
  return (
    <div class={`managed ${isOver ? 'over' : ''}`} {...target}>
      <ProcessList
        processes={processes}
        figures={undefined}
        state={state}
        selected={process?.pid}
        hasPages={false}
        onSelect={(pid) => (selected.value = pid)}
        onDrop={({ pid }, file) => {
          selected.value = pid
          setSwap(new Swap(managed.draft(file)), pid)
        }}
      />
      <section class="panel" aria-label={`Managing ${peer}`}>
        <div class="field">
          <div class="row">
            <AddActorInput onFiles={(files) => (given.value = [...given.value, ...files])} />
            <span class="soft">It starts on this peer, and lives there when this page is closed.</span>
          </div>
          <ErrorLine error={managed.error.value} />
        </div>
        {process ? (
          <ManagedProcess
            key={process.pid}
            model={model}
            managed={managed}
            process={process}
            swap={swap.value?.pid === process.pid ? swap.value.swap : undefined}
            onSwap={setSwap}
          />
        ) : (
          <p class="soft hint">Choose a process to restart it, to replace its module, or to call it.</p>
        )}
      </section>
      <SpawnSheets
        model={managed}
        files={given}
        policy={HOSTED}
        intro={<p class="soft">It starts on {peer}. There “this browser” means the peer itself and its processes.</p>}
        onDone={(pid) => (selected.value = pid)}
      />
    </div>
  )
}

/** Who starts an actor on another peer wants to reach it from here, and to find it as it was. */
const HOSTED = { callers: 'anyone', memory: 'durable' } as const
