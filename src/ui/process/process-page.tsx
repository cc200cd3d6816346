import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { ProcessCalls } from '../calls/process-calls.tsx'
import { CallBox } from '../console/call-box.tsx'
import { ExitList } from '../processes/exit-list.tsx'
import { ProcessEnd } from '../processes/process-end.tsx'
import { SwapPanel } from '../processes/swap-panel.tsx'
import { bringIntoSight } from '../kit/in-sight.ts'
import { ChartsPanel } from '../charts/charts-view.tsx'
import type { ProcessView, TabModel } from '../model.ts'
import type { Page, ViewProps } from '../page.ts'
import { hashOf, HOME } from '../route.ts'
import { FilesPart } from './files-part.tsx'
import { KeysPart } from './keys-part.tsx'
import { LogPart } from './log-part.tsx'
import { MemoryPart } from './memory-part.tsx'
import { ModulePart } from './module-part.tsx'
import { PolicyPart } from './policy-part.tsx'
import { ProcessHead } from './process-head.tsx'

const PARTS = {
  console: 'Console',
  keys: 'Keys',
  calls: 'Calls',
  charts: 'Charts',
  log: 'Log',
  files: 'Files',
  memory: 'Memory',
  module: 'Module',
  policy: 'Policy',
} as const

type Part = keyof typeof PARTS

/** The parts of a process. With keys, each instance has files and a memory of its own. */
function partsOf({ hasKeys }: ProcessView): Part[] {
  const others: readonly Part[] = hasKeys ? ['files', 'memory'] : ['keys']
  return (Object.keys(PARTS) as Part[]).filter((part) => !others.includes(part))
}

/** A process on a page of its own: `#/p/{pid}/{part}`. */
export function ProcessPage({ model, page, id, part }: ViewProps) {
  const process = model.processes.value.find(({ pid }) => pid === id)
  page.useTitle(process?.name)
  const isThere = process !== undefined
  useEffect(() => {
    // Back to the list shows where one was.
    if (isThere) page.choose(id)
  }, [id, isThere])
  const parts = useRef<HTMLElement>(null)
  const all = process ? partsOf(process) : []
  const shown = all.find((each) => each === part) ?? 'console'
  useLayoutEffect(() => {
    // On a phone the parts are wider than the screen.
    return bringIntoSight(() => parts.current?.querySelector('[aria-current=page]'))
  }, [shown, isThere])
  if (!process) return <NoProcess isKnown={model.peerId.value !== undefined} pid={id} />
  const PartView = PART_VIEWS[shown]
  const state = page.consoleOf(process)
  const swap = state.swap.value
  const restart = (): void => void state.restart.run(() => model.restart(id))
  return (
    <>
      <section class="panel process-top">
        <ProcessHead model={model} page={page} process={process} state={state} />
        <ProcessEnd process={process} attempt={state.restart} onRestart={restart} />
        {swap && (
          <SwapPanel
            key={swap}
            process={process}
            swap={swap}
            onSwapped={(undo) => {
              state.setSwap(undefined)
              page.tellSwapped(process, swap.draft.fileName, undo)
            }}
            onCancel={() => state.setSwap(undefined)}
          />
        )}
        <nav ref={parts} class="parts" aria-label={`Parts of ${process.name}`}>
          {all.map((name) => (
            <a key={name} href={hashOf('p', id, name)} aria-current={name === shown ? 'page' : undefined}>
              {PARTS[name]}
            </a>
          ))}
        </nav>
      </section>
      <section key={shown} class="panel process-part" aria-label={PARTS[shown]}>
        <PartView model={model} page={page} process={process} />
      </section>
    </>
  )
}

interface PartProps {
  model: TabModel
  page: Page
  process: ProcessView
}

const PART_VIEWS: Readonly<Record<Part, (props: PartProps) => VNode>> = {
  console: ConsolePart,
  keys: ({ model, page, process }) => <KeysPart model={model} process={process} state={page.consoleOf(process)} />,
  calls: CallsPart,
  charts: ({ model, page, process }) => <ChartsPanel model={model} page={page} pid={process.pid} />,
  log: ({ model, page, process }) => <LogPart model={model} process={process} state={page.consoleOf(process)} />,
  files: FilesPart,
  memory: MemoryPart,
  module: ModulePart,
  policy: PolicyPart,
}

function ConsolePart({ model, page, process }: PartProps) {
  const state = page.consoleOf(process)
  return (
    <>
      <CallBox model={model} process={process} state={state} focusPid={page.focusPid} />
      <LogPart model={model} process={process} state={state} isTail />
    </>
  )
}

function CallsPart({ model, page, process }: PartProps) {
  return (
    <>
      <ProcessCalls model={model} page={page} process={process} />
      {!process.hasKeys && (
        <div class="field">
          <h3>Ends of its instances</h3>
          {process.exits.length === 0 ? 'none so far' : <ExitList exits={process.exits} />}
        </div>
      )}
    </>
  )
}

function NoProcess({ isKnown, pid }: { isKnown: boolean; pid: string }) {
  return (
    <section class="panel hint">
      {isKnown ? (
        <p>
          This tab has no process <span class="mono wrap">{pid}</span>. It was killed, or another tab of this browser
          has it.
        </p>
      ) : (
        <p role="status">The peer of this tab is being started.</p>
      )}
      <a href={hashOf(HOME)}>Show the processes</a>
    </section>
  )
}
