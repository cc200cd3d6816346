import './styles.css'
import { useSignal, useSignalEffect } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import { BadJoinLink } from './peers/bad-join-link.tsx'
import { ConsoleState } from './console/console-state.ts'
import { Console } from './console/console.tsx'
import { deferred, loadDeferred } from './kit/deferred.tsx'
import { DropTarget } from './spawn/drop-target.tsx'
import { shortId } from './kit/format.ts'
import { Header } from './header.tsx'
import type { ProcessView, TabModel } from './model.ts'
import { JoinConsent } from './peers/join-consent.tsx'
import { Notices, showError, showNews, wordsOf } from './kit/notices.tsx'
import { PeersState } from './peers/peers-state.ts'
import { ProcessList } from './processes/process-list.tsx'
import { nextSelection } from './processes/selection.ts'
import { SettingsState } from './settings/settings-state.ts'
import { StartPanel } from './spawn/start-panel.tsx'
import { Swap } from './processes/swap.ts'
import { type Tab, TabBar, tabId } from './tab-bar.tsx'

const JoinDialog = deferred((views) => views.JoinDialog)
const PeersView = deferred((views) => views.PeersView)
const SettingsView = deferred((views) => views.SettingsView)
const SpawnSheets = deferred((views) => views.SpawnSheets)

/** The page. */
export function App({ model }: { model: TabModel }) {
  const tab = useSignal<Tab>('processes')
  const joinShown = useSignal(false)
  /** Files that were dropped or chosen. Each gets a sheet, on which the person decides what becomes of it. */
  const given = useSignal<readonly File[]>([])
  const sheetsShown = useSignal(false)
  const peersState = useMemo(() => new PeersState(), [])
  const settingsState = useMemo(() => new SettingsState(), [])
  const selected = useSignal<string | undefined>(undefined)
  const focusPid = useSignal<string | undefined>(undefined)
  const consoles = useRef(new Map<string, ConsoleState>())
  const lastPids = useRef<readonly string[]>([])
  useSignalEffect(() => {
    const now = model.processes.value.map(({ pid }) => pid)
    selected.value = nextSelection(selected.peek(), lastPids.current, now)
    lastPids.current = now
  })
  useSignalEffect(() => {
    const peerId = model.peerId.value
    document.title = peerId ? `${shortId(peerId)} · Glia` : 'Glia'
  })

  const choices = useRef(0)
  const choose = (pid: string): void => {
    choices.current += 1
    selected.value = pid
  }

  const spawn = async (what: string, made: Promise<string>): Promise<void> => {
    const before = choices.current
    try {
      const pid = await made
      // The person may have chosen another process meanwhile: the choice stays.
      if (choices.current !== before) return
      selected.value = pid
      focusPid.value = pid
    } catch (thrown) {
      if (wordsOf(thrown).code !== 'ERR_ABORTED') showError(`${what} was not started`, thrown)
    }
  }
  const onSheetsDone = (pid: string): void => {
    choose(pid)
    focusPid.value = pid
  }
  const spawnFiles = (files: readonly File[]): void => {
    tab.value = 'processes'
    given.value = [...given.peek(), ...files]
    sheetsShown.value = true
  }
  useSignalEffect(() => {
    const files = model.opened.value
    if (files.length === 0) return
    model.opened.value = []
    spawnFiles(files)
  })
  useSignalEffect(() => {
    // The peer has started, so loading the views takes nothing from the start.
    if (model.peerId.value !== undefined) loadDeferred()
  })
  const consoleOf = ({ pid, methods }: ProcessView): ConsoleState => {
    const known = consoles.current.get(pid) ?? new ConsoleState(methods)
    consoles.current.set(pid, known)
    return known
  }
  const kill = async (pid: string, name: string): Promise<void> => {
    try {
      const { undo } = await model.kill(pid)
      const restore = (): void =>
        void undo().then(
          () => choose(pid),
          (thrown: unknown) => showError(`${name} did not come back`, thrown),
        )
      showNews(`${name} was killed`, 'Undo brings it back under its PID, with a fresh state.', {
        label: 'Undo',
        run: restore,
      })
    } catch (thrown) {
      showError(`${name} was not killed`, thrown)
    }
  }

  const swapByDrop = (process: ProcessView, file: File): void => {
    choose(process.pid)
    consoleOf(process).setSwap(new Swap(model.draft(file)))
  }
  const tellSwapped = (pid: string, name: string, fileName: string, undo: () => Promise<void>): void => {
    const swapBack = (): void =>
      void undo().then(
        () => choose(pid),
        (thrown: unknown) => showError(`${name} still runs ${fileName}`, thrown),
      )
    showNews(`${name} runs ${fileName} now`, 'Undo brings back the module that it ran before.', {
      label: 'Undo',
      run: swapBack,
    })
  }

  const { fatal } = model
  const connected = model.peers.value.filter(({ link, relay }) => link !== 'none' && !relay).length
  const process = model.processes.value.find(({ pid }) => pid === selected.value)
  return (
    <>
      <Header model={model} joinShown={joinShown} onFiles={spawnFiles} />
      {model.updateReady.value && <UpdateNotice />}
      {fatal.value ? (
        <main class="fatal">
          <h2>This tab cannot run a peer</h2>
          <p role="alert">{fatal.value.message}</p>
          <p class="mono soft">{fatal.value.code}</p>
          <button type="button" class="button main" onClick={() => location.reload()}>
            Try again
          </button>
        </main>
      ) : (
        <>
          <TabBar tab={tab} counts={{ processes: model.processes.value.length, peers: connected }} />
          <BadJoinLink model={model} />
          <JoinConsent model={model} />
          <main>
            <div key={tab.value} class={`view ${tab.value}`} role="tabpanel" aria-labelledby={tabId(tab.value)}>
              {tab.value === 'processes' && (
                <>
                  <div class="left">
                    <StartPanel
                      model={model}
                      onBundled={(actor) => void spawn(actor.name, model.spawnBundled(actor))}
                    />
                    <ProcessList
                      processes={model.processes.value}
                      selected={selected.value}
                      onSelect={choose}
                      onDrop={swapByDrop}
                    />
                  </div>
                  {process && (
                    <Console
                      key={process.pid}
                      model={model}
                      process={process}
                      state={consoleOf(process)}
                      focusPid={focusPid}
                      onKill={() => void kill(process.pid, process.name)}
                      onSwapped={(...swapped) => tellSwapped(process.pid, process.name, ...swapped)}
                    />
                  )}
                </>
              )}
              {tab.value === 'peers' && (
                <PeersView
                  model={model}
                  state={peersState}
                  joinShown={joinShown}
                  onSettings={() => (tab.value = 'settings')}
                />
              )}
              {tab.value === 'settings' && <SettingsView model={model} state={settingsState} />}
            </div>
          </main>
        </>
      )}
      {sheetsShown.value && <SpawnSheets model={model} files={given} onDone={onSheetsDone} />}
      {joinShown.value && <JoinDialog model={model} shown={joinShown} />}
      <Notices />
      <DropTarget onFiles={spawnFiles} />
    </>
  )
}

function UpdateNotice() {
  return (
    <div class="update" role="status">
      A newer version of Glia is ready. Processes come back after the reload, with a fresh state.
      <button type="button" class="button" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  )
}
