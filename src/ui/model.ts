/**
 * Everything that the views need from the tab. `src/tab/tab-model.ts` implements it over the process table and the
 * router. The views only read the signals and call the functions.
 */
import type { ReadonlySignal, Signal } from '@preact/signals'
import type { FileInfo } from '../actors/files/file-index.ts'
import type { SnapshotInfo } from '../actors/snapshot/history.ts'
import type { CallRecording } from '../actors/recording/call-file.ts'
import type { RecordedCall } from '../actors/recording/call-recordings.ts'
import type { ReplayResult } from '../actors/recording/recorder-api.ts'
import type { KeyList, KeyListOptions } from '../actors/table/key-list.ts'
import type { LogLine } from '../actors/table/process-log.ts'
import type { KeptPeople, MeshSettings } from '../actors/table/schema.ts'
import type { SnapshotView } from '../actors/table/snapshot-options.ts'
import type { SpawnOptions } from '../actors/table/spawn-options.ts'
import type { Exit } from '../glia/process/exit.ts'
import type { EntryState } from '../actors/table/entry-state.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { GivenPolicy, Policy, PolicyChange } from '../glia/process/policy.ts'
import type { Proc } from '../glia/process/proc.ts'
import type { Restart } from '../glia/process/restart.ts'
import type { Sampler } from '../glia/figures/sampler.ts'
import type { CallTrace } from '../glia/trace/call-trace.ts'
import type { ToldProcess } from '../glia/told-process.ts'
import type { KeptBlock } from '../glia/trace/read-calls.ts'
import type { ToldTrace } from '../glia/trace/told-call.ts'
import type { ConnectionInfo, PeerDetail, PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'

/** An actor that comes with the app (`public/actors/index.json`, written by the build). */
export interface BundledActor {
  name: string
  description: string
  file: string
  /** What the actor needs for its work. The process table checks it. */
  policy?: GivenPolicy
}

/** STUN and TURN servers, and who named them. If nobody did: public ones, or none on a private network. */
export interface IceServersInUse {
  servers: readonly RTCIceServer[]
  from: 'user' | 'origin' | 'public' | 'private network'
}

/** An error as a person reads it: a stable code and one sentence. */
export interface ErrorView {
  code: string
  message: string
  /** When it happened, ms since the epoch. */
  at: number
}

export interface ProcessView {
  pid: string
  /** Peer id of the peer that has it, which this tab may manage. Left out: this tab has it. */
  host?: string | undefined
  name: string
  /** True for the bundled root process, which cannot be killed. */
  root: boolean
  /** CIDv1 of the module's bytes. */
  cid: string
  methods: readonly string[]
  state: EntryState
  /** Messages that were handled since this page made the process, failed ones included. */
  messages: number
  /** Messages waiting in the mailbox. */
  waiting: number
  /** Median time of the last calls, in ms; undefined before the first one. */
  p50Ms: number | undefined
  /**
   * Linear memory of the live instance, with its files outside of `/data`, in bytes; undefined while cold or unknown.
   */
  memoryBytes: number | undefined
  /** Whether it has an instance for each key. */
  hasKeys: boolean
  /** How many keys it has; undefined until they are counted, and without keys. */
  keys: number | undefined
  /** Size of the module, in bytes. */
  moduleBytes: number
  /** What it does, in the words of its owner. */
  description: string | undefined
  /** Arguments after the name. */
  args: readonly string[]
  env: Readonly<Record<string, string>>
  policy: Policy
  restart: Restart
  /** When a process in backoff comes back, in ms since the epoch. */
  backoffUntil: number | undefined
  /** Why the process is dead; undefined while it lives. */
  death: string | undefined
  /** The last ends of its instances, oldest first. */
  exits: readonly Exit[]
  /** Watches and links. */
  ties: readonly TieView[]
  lastError: ErrorView | undefined
  /** False if the browser refused to store the process: it does not come back after a reload. */
  persisted: boolean
}

/** A watch or a link, as seen from one process. */
export interface TieView {
  pid: string
  name: string
  /** The other process watches this one, is watched by it, or is linked with it. */
  kind: 'watcher' | 'watched' | 'linked'
  /** Peer id of the other peer that has the watched process; undefined if this tab has it. */
  host?: string | undefined
  /** The method of the watcher that gets the message. */
  method?: string | undefined
}

export interface ImportView {
  /** As the module names it: `wasi_snapshot_preview1`. */
  module: string
  name: string
}

/** What an inspected module has and asks for. */
export interface ModuleView {
  /** CIDv1 of its bytes. */
  cid: string
  methods: readonly string[]
  imports: readonly ImportView[]
  /** Memory that the module asks for at its start, in bytes. */
  startMemoryBytes: number
  /** The module's own limit on its memory, in bytes; undefined if it has none. */
  maxMemoryBytes: number | undefined
}

/** How far the reading and compiling of a file is. */
export type DraftStep =
  | { stage: 'reading'; doneBytes: number }
  | { stage: 'compiling' }
  | { stage: 'ready'; module: ModuleView; /** Undefined: the file is a module. */ snapshot?: SnapshotView | undefined }
  | { stage: 'refused'; error: ErrorView }

/** What was done with a process, for a while. */
export interface Undoable {
  /** Left out: it cannot be undone. Rejects with GliaError. */
  undo?: (() => Promise<void>) | undefined
  /** Of a kill: what is kept of its memory, and its keys, come back too. Left out: it comes back with a fresh state. */
  isWhole?: boolean
}

/** A module, or a snapshot of a process, that may become an actor. It is read and compiled while the person looks at what it asks for. */
export interface Draft {
  readonly fileName: string
  /** Name of the new process, unless the person changes it. */
  readonly name: string
  /** Size of the file. */
  readonly bytes: number
  /** When the file was given, in ms since the epoch. */
  readonly since: number
  readonly step: ReadonlySignal<DraftStep>
  /** Once the file is read. Undefined: it is a module. Rejects with GliaError. */
  readonly snapshot: Promise<SnapshotView | undefined>
  /**
   * Makes a process of the file as soon as it is compiled. Resolves to the PID. Rejects with GliaError; then it can be
   * tried again.
   */
  spawn: (options: SpawnOptions, signal: AbortSignal) => Promise<string>
  /**
   * Makes a process run the file as soon as it is compiled. Undoing brings the old module back. Rejects with GliaError.
   */
  swap: (pid: string, signal: AbortSignal) => Promise<Undoable>
  /** Gives the draft up. Idempotent. */
  drop: () => void
}

/** Whether the browser keeps what this site stores, or may delete it when the disk is full. */
export type StorageView = 'unknown' | 'not asked' | 'asking' | 'kept' | 'refused' | 'impossible'

/** What a process keeps under `/data`. */
export interface FilesView {
  files: number
  bytes: number
  /** Another number after each change, also of one that keeps the lengths. */
  version: number
  /** What this whole site keeps in the browser, and may keep, in bytes; undefined if the browser does not tell. */
  usedBytes: number | undefined
  quotaBytes: number | undefined
}

/** The files that processes keep in this browser. */
export interface ProcessFiles {
  /** Undefined until it is known. */
  of: (pid: string) => ReadonlySignal<FilesView | undefined>
  /** All files of a process, as a tar archive. Rejects with GliaError. */
  archive: (pid: string, signal: AbortSignal) => Promise<Blob>
  /**
   * Puts files under `/data` between two messages. They replace files of the same names. Archives are unpacked. Rejects
   * with GliaError.
   */
  add: (pid: string, files: readonly File[], signal: AbortSignal) => Promise<void>
  /** What is under `/data` now, sorted by path. Rejects with GliaError. */
  list: (pid: string) => Promise<readonly FileInfo[]>
  /** One file. Rejects with GliaError. */
  read: (pid: string, path: string) => Promise<Blob>
  /** Removes a file, or a folder with everything in it, between two messages. Rejects with GliaError. */
  remove: (pid: string, path: string, signal: AbortSignal) => Promise<void>
}

/** What is kept of the memory of processes. */
export interface ProcessMemories {
  /** The last snapshots, newest first. Rejects with GliaError. */
  list: (pid: string) => Promise<readonly SnapshotInfo[]>
  /** A snapshot as a file. @param id Undefined: what it has in memory now. Rejects with GliaError. */
  file: (pid: string, id: number | undefined) => Promise<Blob>
  /** The process goes on from a snapshot. Rejects with GliaError. */
  rewind: (pid: string, id: number, signal: AbortSignal) => Promise<void>
}

/** How far the start of a bundled actor is. */
export interface SpawnView {
  id: number
  name: string
  stage: 'loading' | 'compiling' | 'starting'
  /** ms since the epoch: the views show progress only past 300 ms, cancel past 1 s. */
  since: number
  cancel: () => void
}

/** A coloured dot with words. Colour never carries meaning alone. */
export interface StatusView {
  level: 'ok' | 'warn' | 'bad' | 'idle'
  /** A few words for the header. */
  text: string
  /** One sentence: what the status means and, if something is wrong, what to do. */
  detail: string
}

/** A call under way, from the console or to a process of another peer. */
export interface CallHandle {
  /** Reply chunks as they arrive; ends with the reply; throws GliaError. */
  reply: AsyncIterable<Uint8Array>
  cancel: () => void
}

/** Samples of this tab and its processes. */
export interface FiguresSource {
  readonly sampler: Sampler
  /** Changes with each sample while the page is shown. It stays while nothing happens. */
  readonly version: ReadonlySignal<number>
}

/**
 * How far the page's own link is followed. `own`: this tab made it. `asked`: the person is asked whether to connect.
 * `joined`: the peer that made the link was connected; it may have gone since.
 */
export type LinkState = 'own' | 'starting' | 'asked' | 'declined' | 'trying' | 'joined'

/** The link that this page was given. */
export interface LinkView {
  kind: 'join' | 'process' | 'spawn'
  /** The fragment of the URL that has it. */
  hash: string
  state: LinkState
  /** Peer id of the peer that made it. */
  peer: string
  /** Multiaddrs of the relays that it names. */
  relays: readonly string[]
  /** Of a link to a process. */
  pid?: string | undefined
  /** The key of the instance that it leads to, if it names one. */
  key?: string | undefined
  method?: string | undefined
  /** Of a link to a module. */
  cid?: string | undefined
}

/** What a link leads to; left out: to the mesh. A `cid` makes a link to a module. */
export interface LinkTarget {
  pid?: string | undefined
  /** Of a process with an instance for each key. Left out: who opens the link is asked for it. */
  key?: string | undefined
  method?: string | undefined
  cid?: string | undefined
}

/** How a module is being fetched. */
export interface FetchView {
  /** Peer id of the peer that is asked now. */
  peer: string
  doneBytes: number
  /** 0 until the peer has answered. */
  totalBytes: number
  /** The peers that were asked before, and why each did not give it. */
  failures: readonly { peer: string; error: ErrorWords }[]
}

type ErrorWords = Pick<ErrorView, 'code' | 'message'>

/** A module that a peer gave. Its bytes have the hash that was asked for. */
export interface FetchedModuleView {
  peer: string
  /** Name of a process of that peer that runs it; may be empty. */
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

/** A link for others, and who can open it: people at this machine, in this network, or everybody. */
export interface SharedLink {
  href: string
  scope: 'loopback' | 'private' | 'public'
}

/** The recorded calls of this tab. */
export interface CallsSource {
  /** Id of this peer. */
  readonly self: string
  /** The calls of this page. */
  readonly trace: CallTrace
  /** Calls, times, bytes and memory of the last hour. */
  readonly figures: FiguresSource
  /** The calls of earlier pages, the oldest first. */
  earlier: () => Promise<readonly KeptBlock[]>
  /** Forgets the calls that ended. */
  clear: () => Promise<void>
  /** A process of this tab. */
  proc: (pid: string) => Proc | undefined
  /** What another peer tells of a trace. Rejects with GliaError. */
  ask: (peer: string, trace: string, signal: AbortSignal) => Promise<ToldTrace>
  /** Whether other peers that ask are told of the calls in which they took part. */
  tellsOthers: boolean
  /** Calls that can be run again. */
  replays: CallReplaysSource
}

/** A replayed call. */
export interface ReplayedCall {
  call: CallRecording
  result: ReplayResult
  /** Whether another module ran than the recorded one. */
  isOther: boolean
}

/** Recording calls with all that their programs read, and running them again. */
export interface CallReplaysSource {
  /** Changes when a call was recorded, or when a process is or is not recorded any more. */
  version: ReadonlySignal<number>
  /** Whether the calls of a process are recorded from now on. */
  isRecorded: (pid: string) => boolean
  /**
   * Begins or ends recording. Resolves to false if that counts from the next instance on. Rejects with GliaError.
   */
  record: (pid: string, isOn: boolean, signal?: AbortSignal) => Promise<boolean>
  /** A recorded call, by its id in the record of calls; undefined if what it read is not kept. */
  of: (id: number) => RecordedCall | undefined
  /** A recorded call as a file, with the bytes of its module or without. Rejects with GliaError. */
  save: (id: number, withModule: boolean) => Promise<Blob>
  /**
   * Runs a recorded call or one from a file again.
   * @param module Another version of the module. Undefined: the one that ran. Rejects with GliaError.
   */
  replay: (what: number | Blob, module: Blob | undefined, signal?: AbortSignal) => Promise<ReplayedCall>
}

/** Why the service worker did not keep what another app shared. The address of the view has it as its id. */
export type ShareFailure = 'too-large' | 'full' | 'failed'

/** What another app shared with the installed app. */
export interface SharedContent {
  /** Title, text and link, a line each; may be empty. */
  text: string
  files: readonly File[]
  /** True if it cannot be read. */
  isBroken: boolean
  /** Forgets it: the person has decided what becomes of it. */
  done: () => Promise<void>
}

/** What the playground compiles. */
export type ScriptLanguage = 'AssemblyScript' | 'C'

export interface CompileInit {
  language: ScriptLanguage
  signal: AbortSignal
  /** Called while the compiler is being loaded. */
  loading?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

/** What the compiler says of a file. */
export interface ScriptProblem {
  message: string
  /** False for a warning. */
  isError: boolean
  /** Where it is in the file, in UTF-16 units from its start; undefined if it is elsewhere. */
  place: { start: number; end: number } | undefined
}

export interface CompiledScript {
  /** Undefined if there is an error. */
  module: Uint8Array<ArrayBuffer> | undefined
  problems: readonly ScriptProblem[]
}

/** What an archive has, before it is imported. */
export interface ArchiveView {
  /** When it was made, in ms since the epoch. */
  at: number
  /** Version of Glia that made it. */
  glia: string
  /** Id of the peer that it is of. */
  peer: string
  hasIdentity: boolean
  /** Names of its processes, without the root process. */
  names: readonly string[]
  /** Ids of peers that may manage processes by the file, and not here. */
  managers: readonly string[]
  /** Imports it. The page is reloaded then. Rejects with GliaError; then nothing has changed. */
  put: (choice: { placing: 'add' | 'replace'; withIdentity: boolean; withManagers: boolean }) => Promise<void>
}

/** All that this browser keeps, as one thing. */
export interface EverythingSource {
  /** Whether the identity of this tab can be in a file. Rejects with GliaError. */
  isPortable: () => Promise<boolean>
  /** Gives this tab a new identity, which can be in a file. The page is reloaded then. Rejects with GliaError. */
  renewIdentity: () => Promise<void>
  /**
   * `notes` has a sentence for each thing that is not in the file. Rejects with GliaError.
   */
  export: (what: { withIdentity: boolean }) => Promise<{ file: Blob; name: string; notes: readonly string[] }>
  /** Reads and checks an archive. Rejects with GliaError that says what is wrong with it. */
  read: (file: Blob) => Promise<ArchiveView>
  /** Erases all that this browser keeps for this page, of all tabs. The page is reloaded then. Rejects with GliaError. */
  erase: () => Promise<void>
}

/**
 * What the views of a process need of whoever has it: the tab, or a host that the tab may manage
 * (`peers/managed-peer.ts`). What is undefined it cannot do, and is not shown.
 */
export interface ProcessSource {
  /** The last lines of a process's log (a live signal; empty for unknown PIDs). */
  log: (pid: string) => ReadonlySignal<readonly LogLine[]>
  /** Begins to read and compile a file. */
  draft: (file: File) => Draft
  /**
   * Changes fields of a process's policy, and tells which of them wait for the next instance. Rejects with GliaError.
   */
  setPolicy: (pid: string, policy: GivenPolicy) => Promise<PolicyChange>
  /**
   * Gives a process, or the instance of a key (`{pid}:{key}`), a fresh instance. A dead one lives again. Rejects with
   * GliaError.
   */
  restart: (pid: string) => Promise<void>
  /** The keys of a process that has an instance for each, sorted. Rejects with GliaError. */
  keys: (pid: string, options: KeyListOptions) => Promise<KeyList>
  memories: ProcessMemories
  /** Undefined where processes keep no files. */
  files: ProcessFiles | undefined
  /** The bytes of a process's module. Rejects with GliaError. */
  moduleOf: ((pid: string) => Promise<Blob>) | undefined
  /** Whether a kill can be undone. Otherwise the person is asked before. */
  undoesKills: boolean
  /**
   * Ends a process. Undoing brings it back with its PID and its files. The instance of a key (`{pid}:{key}`) does not come
   * back. Rejects with GliaError.
   */
  kill: (pid: string) => Promise<Undoable>
  /** Ends the message that a process handles, whoever sent it. A guest that does not return is ended. */
  cancelRunning?: ((pid: string) => Promise<void>) | undefined
  /** Makes another process with the same module, options and files. Resolves to its PID. Rejects with GliaError. */
  duplicate?: ((pid: string, name: string) => Promise<string>) | undefined
}

export interface TabModel extends ProcessSource {
  /** What this browser keeps, as one thing. It is loaded when it is asked for. */
  everything: () => Promise<EverythingSource>
  /** Undefined until the identity is known. */
  peerId: ReadonlySignal<string | undefined>
  /** Number of this tab's identity in this browser, from 0. */
  slot: ReadonlySignal<number | undefined>
  /** The tier of the actors, and why it is this one. */
  tier: ReadonlySignal<{ name: 'rings' | 'JSPI' | 'buffered'; why: string } | undefined>
  /** Whether this tab is on the mesh. */
  mesh: ReadonlySignal<StatusView>
  /** Whether the HTTP API works in this tab. */
  http: ReadonlySignal<StatusView>
  /** Set when a new version of the app waits for a reload. */
  updateReady: ReadonlySignal<boolean>
  /** Set if the tab cannot run at all, for example in a frame. */
  fatal: ReadonlySignal<ErrorView | undefined>
  /** In a stable order: root first, then by age. */
  processes: ReadonlySignal<readonly ProcessView[]>
  spawns: ReadonlySignal<readonly SpawnView[]>
  bundled: ReadonlySignal<readonly BundledActor[]>
  /** Files with which the installed app was opened. The views take them and empty the list. */
  opened: Signal<readonly File[]>
  /** What other apps shared with the installed app, and nobody has taken yet. Rejects if the browser cannot read it. */
  shared: () => Promise<readonly SharedContent[]>
  /** The path of the HTTP API in this deployment, with a slash at its end: `/` or `/glia/`. */
  basePath: string
  /** Makes a process of one of the bundled actors. */
  spawnBundled: (actor: BundledActor) => Promise<string>
  moduleOf: (pid: string) => Promise<Blob>
  /** Compiles one file. Errors of the file are problems of the result. Rejects with GliaError. */
  compile: (source: string, init: CompileInit) => Promise<CompiledScript>
  /** The record of all calls; undefined until the peer has started. */
  traced: ReadonlySignal<CallsSource | undefined>
  call: (pid: string, method: string, message: Uint8Array | Blob) => CallHandle
  /** Other peers in a stable order: connected ones first, then those that are only known. */
  peers: ReadonlySignal<readonly PeerInfo[]>
  /** The open connections, with what each has carried. Asked twice, they tell bytes a second. None without a mesh. */
  connections: () => Promise<readonly ConnectionInfo[]>
  /** Number of peers in the mesh without relays, this one included. A relay tells of a part of a large mesh. */
  meshSize: ReadonlySignal<number>
  relays: ReadonlySignal<readonly RelayInfo[]>
  /** The name of this browser, the names that the person gave to peers, and who is blocked. All tabs share them. */
  people: ReadonlySignal<KeptPeople>
  /** The name is announced to others. An empty text takes it back. Rejects with GliaError. */
  setOwnName: (name: string) => Promise<void>
  /** Gives a peer a name that only this browser knows. An empty text takes it away. Rejects with GliaError. */
  setPeerName: (peerId: string, name: string) => Promise<void>
  /** Ends the connections to a peer and refuses new ones in both directions, or undoes that. Rejects with GliaError. */
  setBlocked: (peerId: string, isBlocked: boolean) => Promise<void>
  /** Lets a peer make and manage processes of this browser, or no longer. Rejects with GliaError. */
  setManager: (peerId: string, isManager: boolean) => Promise<void>
  /** What a page about one peer shows besides `peers`. Rejects with GliaError. */
  lookAt: (peerId: string) => Promise<PeerDetail>
  /** Round trip to a connected peer, in ms. Rejects with GliaError. */
  ping: (peerId: string, signal: AbortSignal) => Promise<number>
  /** Address of the gateway of this origin, with a slash at its end; undefined if there is none. */
  gateway: ReadonlySignal<string | undefined>
  /** A link with which others join the mesh and reach this peer; undefined while nobody can reach it. */
  joinLink: ReadonlySignal<string | undefined>
  /** A link that leads to more than the mesh. Reads `joinLink`, and is undefined when that is. */
  linkTo: (target: LinkTarget) => SharedLink | undefined
  /** The link that this page was given; undefined if there is none, or not known yet. */
  openedLink: ReadonlySignal<LinkView | undefined>
  /** Follows the link at once. If the person did not want to connect, they are asked again. */
  retryLink: () => void
  /** A process of another peer, as that peer tells of it. Rejects with GliaError. */
  processOf: (peerId: string, pid: string, signal: AbortSignal) => Promise<ToldProcess>
  /**
   * Connects to a multiaddr, a peer id, or the peer of a join link. Resolves to the peer id. Rejects with GliaError.
   */
  connect: (text: string, signal: AbortSignal) => Promise<string>
  disconnect: (peerId: string) => Promise<void>
  /** The processes that another peer lists to this one. Rejects with GliaError. */
  listedBy: (peerId: string, signal: AbortSignal) => Promise<readonly ListedProcess[]>
  /**
   * Calls a method at an address, of this peer or of another one.
   * @param isLook The page asks by itself, to show something: the call is not recorded.
   */
  callPeer: (address: string, message: Uint8Array | Blob, isLook?: boolean) => CallHandle
  /** What the browser promised about the data of this site. */
  storage: ReadonlySignal<StorageView>
  /** Asks the browser to keep the data. */
  askForStorage: () => Promise<void>
  /** Set while the join link of this page does not work: says why. `at` stays the same for the same link. */
  badJoinLink: ReadonlySignal<ErrorView | undefined>
  /** Set while the page's join link waits for consent: who sent it, and which hosts this tab would dial. */
  joinQuestion: ReadonlySignal<{ from: string; hosts: readonly string[] } | undefined>
  /** Joins by the link, or discards it. */
  answerJoinLink: (joins: boolean) => void
  settings: ReadonlySignal<MeshSettings>
  /** STUN and TURN servers for new connections; undefined until the mesh has started. */
  iceServers: ReadonlySignal<IceServersInUse | undefined>
  /**
   * Fetches a module from the first peer that gives it, and checks its hash. Rejects with GliaError.
   * @param from Peer id of the peer that is asked first.
   */
  fetchModule: (
    cid: string,
    from: string,
    signal: AbortSignal,
    onProgress: (progress: FetchView) => void,
  ) => Promise<FetchedModuleView>
  /** Checks, keeps and uses the settings. Rejects with GliaError ERR_BAD_ADDRESS that names the wrong line. */
  saveSettings: (settings: MeshSettings) => Promise<void>
}
