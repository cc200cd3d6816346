/**
 * What the views need from the tab, and nothing more. `src/tab/tab-model.ts` implements it over the process table and the
 * router; the views only read signals and call these functions.
 */
import type { ReadonlySignal, Signal } from '@preact/signals'
import type { LogLine } from '../actors/process-log.ts'
import type { MeshSettings } from '../actors/store.ts'
import type { ProcState } from '../glia/proc.ts'
import type { PeerInfo, RelayInfo } from '../mesh/peer-info.ts'
import type { BundledActor } from '../tab/bundled.ts'
import type { IceServersInUse } from '../tab/mesh-config.ts'

/** An error as a person reads it: a stable code and one sentence. */
export interface ErrorView {
  code: string
  message: string
  /** When it happened, ms since the epoch. */
  at: number
}

export interface ProcessView {
  pid: string
  name: string
  /** True for the bundled root, which cannot be killed. */
  root: boolean
  /** CIDv1 of the module's bytes. */
  cid: string
  methods: readonly string[]
  state: ProcState
  /** Messages handled since the process was made in this page, failed ones included. */
  messages: number
  /** Messages waiting in the mailbox. */
  waiting: number
  /** Median time of the last calls, in ms; undefined until there was one. */
  p50Ms: number | undefined
  /** Linear memory of the live instance, in bytes; undefined while cold or unknown. */
  memoryBytes: number | undefined
  /** Size of the module, in bytes. */
  moduleBytes: number
  lastError: ErrorView | undefined
  /** False when the browser refused to store it: it will not come back after a reload. */
  persisted: boolean
}

/** How far a dropped file is on its way to a process. */
export interface SpawnView {
  id: number
  name: string
  stage: 'reading' | 'compiling' | 'starting'
  doneBytes: number
  totalBytes: number
  /** ms since the epoch: the views show progress only past 300 ms, cancel past 1 s. */
  since: number
  cancel: () => void
}

/** A light with words; colour never carries meaning alone. */
export interface StatusView {
  level: 'ok' | 'warn' | 'bad' | 'idle'
  /** A few words for the header. */
  text: string
  /** A sentence: what it means and, if something is wrong, what to do. */
  detail: string
}

/** A call under way: from the console, or to the root of another peer. */
export interface CallHandle {
  /** Reply chunks as they arrive; ends with the reply; throws GliaError. */
  reply: AsyncIterable<Uint8Array>
  cancel: () => void
}

export interface TabModel {
  /** undefined until the identity is known. */
  peerId: ReadonlySignal<string | undefined>
  /** Number of this tab's identity in this browser, from 0. */
  slot: ReadonlySignal<number | undefined>
  /** I/O tier of the actors and why this one. */
  tier: ReadonlySignal<{ name: 'rings' | 'JSPI' | 'buffered'; why: string } | undefined>
  /** Am I on the mesh? */
  mesh: ReadonlySignal<StatusView>
  /** Does the HTTP API work in this tab? */
  http: ReadonlySignal<StatusView>
  /** Set when a new version of the app waits for a reload. */
  updateReady: ReadonlySignal<boolean>
  /** Set when the tab cannot run at all, e.g. opened in a frame. */
  fatal: ReadonlySignal<ErrorView | undefined>
  /** In a stable order: root first, then by age. */
  processes: ReadonlySignal<readonly ProcessView[]>
  spawns: ReadonlySignal<readonly SpawnView[]>
  bundled: ReadonlySignal<readonly BundledActor[]>
  /** Files that the installed app was opened with; the views take them and leave the list empty. */
  opened: Signal<readonly File[]>
  /** The path under which the HTTP API answers in this deployment, ending in a slash: `/` or `/glia/`. */
  basePath: string
  /** The last lines of a process's log (a live signal; empty for unknown PIDs). */
  log: (pid: string) => ReadonlySignal<readonly LogLine[]>
  /** Makes a process of a file. Rejects with GliaError when the file is refused. Resolves to its PID. */
  spawnFile: (file: File) => Promise<string>
  /** Makes a process of one of the bundled actors. */
  spawnBundled: (actor: BundledActor) => Promise<string>
  /** Ends a process. The result brings it back (same PID, fresh state) while the page is open. */
  kill: (pid: string) => Promise<{ undo: () => Promise<void> }>
  call: (pid: string, method: string, message: Uint8Array | Blob) => CallHandle
  /** Other peers: connected ones first, then those that are only known; stable order. */
  peers: ReadonlySignal<readonly PeerInfo[]>
  relays: ReadonlySignal<readonly RelayInfo[]>
  /** Address of this origin's gateway, with a slash at its end; undefined if it has none. */
  gateway: ReadonlySignal<string | undefined>
  /** A link that lets others join the mesh and reach this peer; undefined while it cannot be reached. */
  joinLink: ReadonlySignal<string | undefined>
  /** Connects to a multiaddr, to a peer id, or to what a join link names. Resolves to the peer id. Rejects with GliaError. */
  connect: (text: string, signal: AbortSignal) => Promise<string>
  disconnect: (peerId: string) => Promise<void>
  /** Calls a method of the root process of another peer. */
  callRoot: (peerId: string, method: string, message: Uint8Array) => CallHandle
  /** Set when the page was opened with a join link that cannot be used: says why. */
  badLink: ReadonlySignal<ErrorView | undefined>
  settings: ReadonlySignal<MeshSettings>
  /** STUN and TURN servers for the connections that are made from now on; undefined until the mesh has started. */
  iceServers: ReadonlySignal<IceServersInUse | undefined>
  /** Checks and keeps them; they are used at once. Rejects with GliaError ERR_BAD_ADDRESS naming the bad line. */
  saveSettings: (settings: MeshSettings) => Promise<void>
}
