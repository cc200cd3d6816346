/**
 * What the views need from the tab, and nothing more. `src/tab/tab-model.ts` implements it over the process table and the
 * router; the views only read signals and call these functions.
 */
import type { ReadonlySignal, Signal } from '@preact/signals'
import type { LogLine } from '../actors/table/process-log.ts'
import type { MeshSettings } from '../actors/table/store.ts'
import type { SpawnOptions } from '../actors/table/spawn-options.ts'
import type { CallRecord } from '../glia/process/call-log.ts'
import type { Exit } from '../glia/process/exit.ts'
import type { ProcState } from '../glia/process/life.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { GivenPolicy, Policy, PolicyChange } from '../glia/process/policy.ts'
import type { Restart } from '../glia/process/restart.ts'
import type { PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'
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
  /** Linear memory of the live instance and of its files outside of `/data`, in bytes; undefined while cold or unknown. */
  memoryBytes: number | undefined
  /** Size of the module, in bytes. */
  moduleBytes: number
  /** Arguments after the name. */
  args: readonly string[]
  env: Readonly<Record<string, string>>
  policy: Policy
  restart: Restart
  /** In backoff: when it comes back, in ms since the epoch. */
  backoffUntil: number | undefined
  /** Why it is not restarted any more; undefined while it lives. */
  death: string | undefined
  /** The last ends of its instances, oldest first. */
  exits: readonly Exit[]
  /** The processes of this tab that are told when it ends, those it is told of, and those it ends with. */
  ties: readonly TieView[]
  lastError: ErrorView | undefined
  /** False when the browser refused to store it: it will not come back after a reload. */
  persisted: boolean
}

/** How another process is tied to one. */
export interface TieView {
  pid: string
  name: string
  /** Watched by it, watches it, or linked with it. */
  kind: 'watcher' | 'watched' | 'linked'
  /** Where the watcher gets the message. */
  method?: string | undefined
}

export interface ImportView {
  /** As the module names it: `wasi_snapshot_preview1`. */
  module: string
  name: string
}

/** What a module says of itself. */
export interface ModuleView {
  /** CIDv1 of its bytes. */
  cid: string
  methods: readonly string[]
  imports: readonly ImportView[]
  /** Memory that it asks for at its start, in bytes. */
  startMemoryBytes: number
  /** Its own limit on its memory, in bytes; undefined: none. */
  maxMemoryBytes: number | undefined
}

/** How far a file is that is being looked at. */
export type DraftStep =
  | { stage: 'reading'; doneBytes: number }
  | { stage: 'compiling' }
  | { stage: 'ready'; module: ModuleView }
  | { stage: 'refused'; error: ErrorView }

/** A file that may become an actor. It is read and compiled while people look at what it asks for. */
export interface Draft {
  readonly fileName: string
  /** What a process of it is called unless people say otherwise. */
  readonly name: string
  /** Of the file. */
  readonly bytes: number
  /** When it was given, in ms since the epoch. */
  readonly since: number
  readonly step: ReadonlySignal<DraftStep>
  /**
   * Makes a process of it, as soon as it is ready. Resolves to its PID. Rejects with GliaError; then it can be tried again.
   */
  spawn: (options: SpawnOptions, signal: AbortSignal) => Promise<string>
  /** Has a process run it from now on, as soon as it is ready. The result has it run what it ran before. Rejects with GliaError. */
  swap: (pid: string, signal: AbortSignal) => Promise<{ undo: () => Promise<void> }>
  /** Nobody wants it any more. Idempotent. */
  drop: () => void
}

/** Whether the browser keeps what this site stores, or may delete it when the disk is full. */
export type StorageView = 'unknown' | 'not asked' | 'asking' | 'kept' | 'refused' | 'impossible'

/** What a process keeps under `/data`. */
export interface FilesView {
  files: number
  bytes: number
  /** What all of this site keeps in the browser, and may keep, in bytes; undefined if the browser does not tell. */
  usedBytes: number | undefined
  quotaBytes: number | undefined
}

/** The files that processes keep in this browser. */
export interface ProcessFiles {
  /** undefined until it is known. */
  of: (pid: string) => ReadonlySignal<FilesView | undefined>
  /** All files of a process, as a tar archive. Rejects with GliaError. */
  archive: (pid: string, signal: AbortSignal) => Promise<Blob>
  /** Puts files there between two messages, over those of the same names; an archive is unpacked. Rejects with GliaError. */
  add: (pid: string, files: readonly File[], signal: AbortSignal) => Promise<void>
}

/** How far a bundled actor is on its way to a process. */
export interface SpawnView {
  id: number
  name: string
  stage: 'loading' | 'compiling' | 'starting'
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
  /** Begins to read and compile a file. */
  draft: (file: File) => Draft
  /** Makes a process of one of the bundled actors. */
  spawnBundled: (actor: BundledActor) => Promise<string>
  /** Changes fields of a process's policy, and says which of them wait for its next instance. Rejects with GliaError. */
  setPolicy: (pid: string, policy: GivenPolicy) => Promise<PolicyChange>
  /** The last calls of a process, the last one first. */
  calls: (pid: string) => ReadonlySignal<readonly CallRecord[]>
  /** Gives a process a fresh instance, also one that is dead. Rejects with GliaError. */
  restart: (pid: string) => Promise<void>
  /** undefined where processes keep no files. */
  files: ProcessFiles | undefined
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
  /** The processes that another peer lists to this one. Rejects with GliaError. */
  listedBy: (peerId: string, signal: AbortSignal) => Promise<readonly ListedProcess[]>
  /** Calls a method of a process of another peer. */
  callPeer: (address: string, message: Uint8Array) => CallHandle
  /** What the browser promised about what this site stores. */
  storage: ReadonlySignal<StorageView>
  /** Asks it to keep that. */
  askForStorage: () => Promise<void>
  /** Set while the join link that the page was opened with does not work: says why. Its `at` is the same as long as the link is. */
  badJoinLink: ReadonlySignal<ErrorView | undefined>
  /** Set while the page's join link waits for its person's consent: who sent it, and which hosts it has this tab dial. */
  joinQuestion: ReadonlySignal<{ from: string; hosts: readonly string[] } | undefined>
  /** Joins by that link, or leaves it. */
  answerJoinLink: (joins: boolean) => void
  settings: ReadonlySignal<MeshSettings>
  /** STUN and TURN servers for the connections that are made from now on; undefined until the mesh has started. */
  iceServers: ReadonlySignal<IceServersInUse | undefined>
  /** Checks and keeps them; they are used at once. Rejects with GliaError ERR_BAD_ADDRESS naming the bad line. */
  saveSettings: (settings: MeshSettings) => Promise<void>
}
