import type { RefObject, VNode } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { isPeerId } from '../../glia/peer-id.ts'
import { isPid } from '../../glia/pid.ts'
import { ProcessCalls } from '../calls/process-calls.tsx'
import { CallBox } from '../console/call-box.tsx'
import { ExitList } from '../processes/exit-list.tsx'
import { ProcessEnd } from '../processes/process-end.tsx'
import { SwapPanel } from '../processes/swap-panel.tsx'
import { bringIntoSight } from '../kit/in-sight.ts'
import { ChartsPanel } from '../charts/charts-view.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessSource, ProcessView, TabModel } from '../model.ts'
import type { Page, ViewProps } from '../page.ts'
import { type ManagedPeer, ManagedPeers } from '../peers/managed-peer.ts'
import { hashOf, hashOfProcess, HOME, PEERS } from '../route.ts'
import { tellSwapped } from '../process-acts.ts'
import { FilesPart } from './files-part.tsx'
import { KeysPart } from './keys-part.tsx'
import { LogPart } from './log-part.tsx'
import { MemoryPart } from './memory-part.tsx'
import { ModulePart } from './module-part.tsx'
import { PolicyPart } from './policy-part.tsx'
import { ProcessHead } from './process-head.tsx'
import { RemindersPart } from './reminders-part.tsx'

/** What stands for the PID of the root process in every address. */
const ROOT = 'root'

const PARTS = {
  console: 'Console',
  keys: 'Keys',
  calls: 'Calls',
  charts: 'Charts',
  log: 'Log',
  files: 'Files',
  memory: 'Memory',
  reminders: 'Reminders',
  module: 'Module',
  policy: 'Policy',
} as const

type Part = keyof typeof PARTS

/**
 * The parts of a process. With keys, each instance has files, a memory and reminders of its own. What another peer has
 * recorded of its calls it does not tell.
 */
function partsOf({ hasKeys, host }: ProcessView, { files, moduleOf }: ProcessSource): Part[] {
  const others: Part[] = hasKeys ? ['files', 'memory', 'reminders'] : ['keys']
  if (host !== undefined) {
    others.push('calls', 'charts')
    if (!files) others.push('files')
    if (!moduleOf) others.push('module')
  }
  return (Object.keys(PARTS) as Part[]).filter((part) => !others.includes(part))
}

/** A process on a page of its own: `#/p/{pid}/{part}`, and `#/peers/{peer id}/p/{pid}/{part}` of a peer that this tab manages. */
export function ProcessPage({ model, page, id, part, host }: ViewProps) {
  const isOwn = host === undefined || host === model.peerId.value
  if (isOwn) return <OwnProcess model={model} page={page} pid={id} part={part} />
  return <HostedProcess key={host} model={model} page={page} pid={id} part={part} host={host} />
}

interface PlaceProps extends Pick<ViewProps, 'model' | 'page' | 'part'> {
  pid: string
}

function OwnProcess({ model, page, pid: given, part }: PlaceProps) {
  // As in every address.
  const process = model.processes.value.find(({ pid, root }) => pid === given || (root && given === ROOT))
  const pid = process?.pid ?? given
  page.useTitle(process?.name)
  const isThere = process !== undefined
  useEffect(() => {
    // Back to the list shows where one was.
    if (isThere) page.choose(pid)
  }, [pid, isThere])
  const instead = useFocusInstead(isThere)
  if (!process) return <NoProcess place={instead} isKnown={model.peerId.value !== undefined} pid={pid} />
  return <ProcessParts model={model} source={model} page={page} process={process} part={part} />
}

function HostedProcess({ model, page, pid, part, host }: PlaceProps & { host: string }) {
  const managed = useMemo(() => page.kept(ManagedPeers).of(model, host), [])
  const isAddress = isPeerId(host) && isPid(pid)
  useEffect(() => (isAddress ? managed.follow(pid) : undefined), [pid])
  const { found } = managed
  const known = found.value?.pid === pid ? found.value : undefined
  // The list that one comes from has it already.
  const process = known ? known.process : managed.processes.value?.find((each) => each.pid === pid)
  page.useTitle(process && `${process.name} on ${peerWords(host)}`)
  const isThere = process !== undefined
  useEffect(() => {
    if (isThere) managed.selected.value = pid
  }, [pid, isThere])
  const instead = useFocusInstead(isThere)
  if (!process)
    return <NotFound place={instead} managed={managed} pid={pid} isAddress={isAddress} isGone={known !== undefined} />
  return (
    <>
      {managed.error.value && (
        <div class="panel hint" role="status">
          <p>What is shown may be old: the peer does not answer. It is asked again.</p>
          <ErrorLine error={managed.error.value} />
        </div>
      )}
      <ProcessParts model={model} source={managed} page={page} process={process} part={part} />
    </>
  )
}

/** The focus was on a button of a process that is killed. It goes to what is shown in the place of the process. */
function useFocusInstead(isThere: boolean): RefObject<HTMLElement | null> {
  const instead = useRef<HTMLElement>(null)
  const wasThere = useRef(isThere)
  useLayoutEffect(() => {
    if (wasThere.current && !isThere && document.activeElement === document.body) instead.current?.focus()
    wasThere.current = isThere
  }, [isThere])
  return instead
}

interface PartProps {
  model: TabModel
  /** Whoever has the process. */
  source: ProcessSource
  page: Page
  process: ProcessView
}

/** Who the process is, and one part of it. */
function ProcessParts({ model, source, page, process, part }: PartProps & { part: string }) {
  const { pid } = process
  const parts = useRef<HTMLElement>(null)
  const all = partsOf(process, source)
  const shown = all.find((each) => each === part) ?? 'console'
  useLayoutEffect(() => {
    // On a phone the parts are wider than the screen.
    return bringIntoSight(() => parts.current?.querySelector('[aria-current=page]'))
  }, [shown])
  const PartView = PART_VIEWS[shown]
  const state = page.consoleOf(process)
  const swap = state.swap.value
  const restart = (): void => void state.restart.run(() => source.restart(pid))
  return (
    <>
      <section class="panel process-top">
        <ProcessHead model={model} source={source} page={page} process={process} state={state} />
        <ProcessEnd process={process} attempt={state.restart} onRestart={restart} />
        {swap && (
          <SwapPanel
            key={swap}
            process={process}
            swap={swap}
            onSwapped={(undo) => {
              state.setSwap(undefined)
              tellSwapped(page, process, swap.draft.fileName, undo)
            }}
            onCancel={() => state.setSwap(undefined)}
          />
        )}
        <nav ref={parts} class="parts" aria-label={`Parts of ${process.name}`}>
          {all.map((name) => (
            <a key={name} href={hashOfProcess(process, name)} aria-current={name === shown ? 'page' : undefined}>
              {PARTS[name]}
            </a>
          ))}
        </nav>
      </section>
      <section key={shown} class="panel process-part" aria-label={PARTS[shown]}>
        <PartView model={model} source={source} page={page} process={process} />
      </section>
    </>
  )
}

const PART_VIEWS: Readonly<Record<Part, (props: PartProps) => VNode>> = {
  console: ConsolePart,
  keys: ({ source, page, process }) => <KeysPart source={source} process={process} state={page.consoleOf(process)} />,
  calls: CallsPart,
  charts: ({ model, page, process }) => <ChartsPanel model={model} page={page} pid={process.pid} />,
  log: ({ source, page, process }) => (
    <>
      <LogPart source={source} process={process} state={page.consoleOf(process)} />
      {process.host !== undefined && <Ends process={process} />}
    </>
  ),
  files: FilesPart,
  memory: MemoryPart,
  reminders: RemindersPart,
  module: ModulePart,
  policy: PolicyPart,
}

function ConsolePart({ model, source, page, process }: PartProps) {
  const state = page.consoleOf(process)
  return (
    <>
      <CallBox model={model} process={process} state={state} focusPid={page.focusPid} />
      <LogPart source={source} process={process} state={state} isTail />
    </>
  )
}

function CallsPart({ model, page, process }: PartProps) {
  return (
    <>
      <ProcessCalls model={model} page={page} process={process} />
      <Ends process={process} />
    </>
  )
}

function Ends({ process: { hasKeys, exits } }: { process: ProcessView }) {
  if (hasKeys) return null
  return (
    <div class="field">
      <h3>Ends of its instances</h3>
      {exits.length === 0 ? 'none so far' : <ExitList exits={exits} />}
    </div>
  )
}

const NO_ADDRESS = 'This is no address of a process. The link may have been cut off.'

interface NotFoundProps {
  place: RefObject<HTMLElement | null>
  managed: ManagedPeer
  pid: string
  /** Whether the address can be one of a process at all. */
  isAddress: boolean
  /** Whether the peer has said that there is no such process. */
  isGone: boolean
}

/** Why a process of another peer is not shown. */
function NotFound({ place, managed, pid, isAddress, isGone }: NotFoundProps) {
  const { peerId, refused, error } = managed
  const peer = peerWords(peerId)
  if (!isAddress) {
    return (
      <section class="panel hint">
        <p>{pid === ROOT ? `The root process of the peer ${peer} has its page under its PID.` : NO_ADDRESS}</p>
        <a href={hashOf(PEERS)}>Show the peers</a>
      </section>
    )
  }
  return (
    <section ref={place} tabIndex={-1} class="panel hint">
      {refused.value ? (
        <>
          <p>The peer {peer} does not let this tab see the process.</p>
          <ErrorLine error={refused.value} />
        </>
      ) : isGone ? (
        <p>
          The peer {peer} has no process <span class="mono wrap">{pid}</span>. It was killed, or the address is wrong.
        </p>
      ) : (
        <>
          <p role="status">{error.value ? 'The peer is asked again.' : `The peer ${peer} is asked for the process.`}</p>
          <ErrorLine error={error.value} />
        </>
      )}
      <a href={hashOf(PEERS, peerId)}>Show the peer</a>
    </section>
  )
}

interface NoProcessProps {
  place: RefObject<HTMLElement | null>
  isKnown: boolean
  pid: string
}

function NoProcess({ place, isKnown, pid }: NoProcessProps) {
  return (
    <section ref={place} tabIndex={-1} class="panel hint">
      {!isKnown ? (
        <p role="status">The peer of this tab is being started.</p>
      ) : isPid(pid) ? (
        <p>
          This tab has no process <span class="mono wrap">{pid}</span>. It may have been killed, or another tab or peer
          may have it.
        </p>
      ) : (
        <p>{NO_ADDRESS}</p>
      )}
      <a href={hashOf(HOME)}>Show the processes</a>
    </section>
  )
}
