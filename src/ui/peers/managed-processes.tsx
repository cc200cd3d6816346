import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Console } from '../console/console.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { killProcess, tellSwapped } from '../process-acts.ts'
import { ProcessList, ProcessListState } from '../processes/process-list.tsx'
import { AddActorInput } from '../spawn/add-actor.tsx'
import { SpawnSheets } from '../spawn/spawn-sheets.tsx'
import type { ManagedPeer } from './managed-peer.ts'

export interface ManagedProcessesProps {
  model: TabModel
  page: Page
  managed: ManagedPeer
  processes: readonly ProcessView[]
}

/** What stays of the list while another view is shown. */
class ManagedListState extends ProcessListState {}

/**
 * All processes of a peer that this tab may manage, and the console of the chosen one. Files that are dropped there become
 * processes of that peer.
 */
export function ManagedProcesses({ model, page, managed, processes }: ManagedProcessesProps) {
  const { selected, found } = managed
  const given = useSignal<readonly File[]>([])
  const listed = processes.find(({ pid }) => pid === selected.value)
  const process = listed && (found.value?.pid === listed.pid ? (found.value.process ?? listed) : listed)
  const peer = peerWords(managed.peerId)
  const pid = process?.pid
  useEffect(() => {
    managed.show(pid)
    return () => managed.show(undefined)
  }, [pid])
  const { isOver, target } = useOwnDrop(`Drop to start an actor on ${peer}`, (files) => {
    given.value = [...given.value, ...files]
  })
  return (
    <div class={`managed ${isOver ? 'over' : ''}`} {...target}>
      <ProcessList
        processes={processes}
        figures={undefined}
        state={page.kept(ManagedListState)}
        selected={pid}
        hasActivity={false}
        onSelect={(chosen) => (selected.value = chosen)}
        onDrop={(onto, file) => {
          selected.value = onto.pid
          page.askToSwap(onto, file, managed)
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
        {!process && <p class="soft hint">Choose a process to restart it, to replace its module, or to call it.</p>}
      </section>
      {process && (
        <Console
          key={process.pid}
          model={model}
          source={managed}
          process={process}
          state={page.consoleOf(process)}
          focusPid={page.focusPid}
          onKill={() => void killProcess(page, process, managed)}
          onSwapped={(...swapped) => tellSwapped(page, process, ...swapped)}
        />
      )}
      <SpawnSheets
        model={managed}
        files={given}
        policy={HOSTED}
        intro={<p class="soft">It starts on {peer}. There “this browser” means the peer itself and its processes.</p>}
        onDone={(made) => (selected.value = made)}
      />
    </div>
  )
}

/** Who starts an actor on another peer wants to reach it from here, and to find it as it was. */
const HOSTED = { callers: 'anyone', memory: 'durable' } as const
