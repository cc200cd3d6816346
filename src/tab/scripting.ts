import type { FileInfo } from '../actors/files/file-index.ts'
import type { GivenFiles } from '../actors/files/given-files.ts'
import type { ReplayResult } from '../actors/recording/recorder-api.ts'
import type { SnapshotInfo } from '../actors/snapshot/history.ts'
import type { LogLine } from '../actors/table/process-log.ts'
import type { KeyList, KeyListOptions } from '../actors/table/key-list.ts'
import type { SpawnOptions } from '../actors/table/spawn-options.ts'
import type { WatchedEnd } from '../glia/address-watches.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { CallRecord } from '../glia/process/call-log.ts'
import type { Exit } from '../glia/process/exit.ts'
import type { EntryState } from '../actors/table/entry-state.ts'
import type { Watch } from '../glia/process/links.ts'
import type { GivenPolicy, Policy, PolicyChange } from '../glia/process/policy.ts'
import type { Restart } from '../glia/process/restart.ts'
import type { Stream } from '../glia/stream/stream.ts'
import type { PeerInfo } from '../mesh/presence/peer-info.ts'

/** A process, as scripts see it. */
export interface ProcessInfo {
  pid: string
  name: string
  cid: string
  methods: readonly string[]
  /** 'cold' or 'hibernated' → 'starting' → 'idle' ⇄ 'busy' → 'backoff' → 'dead'. Hibernated: what it had in memory is kept. */
  state: EntryState
  /** Messages handled since the page was opened. */
  messages: number
  /** Messages waiting for their turn. */
  waiting: number
  /** Linear memory of the live instance and of its files outside of `/data`, as in `/tmp`, in bytes; undefined while there is none. */
  memoryBytes: number | undefined
  policy: Policy
  restart: Restart
  /** The last 20 ends of its instances, oldest first. */
  exits: readonly Exit[]
  /** Why the process is dead, as a sentence; undefined while it lives. */
  death: string | undefined
  /** CID of the module before the last swap, to which `swapBack` returns. */
  previousCid: string | undefined
  /** The watches that tell this process of the ends of others. */
  watches: readonly Watch[]
  /** PIDs of the linked processes. */
  links: readonly string[]
  /** Whether it has an instance for each key (`spawn`, `key`). */
  hasKeys: boolean
  /** How many keys have an instance; undefined if it has no keys, or they are not counted yet. */
  keys: number | undefined
}

/** A call that is recorded with all that its program read. */
export interface RecordedCallInfo {
  id: string
  pid: string
  method: string
  /** When it began, in ms since the epoch. */
  at: number
  /** Why it cannot be replayed, as a sentence; undefined if it can be. */
  missing: string | undefined
}

export interface CallOptions {
  /**
   * Gives the call up: the promise rejects with ERR_ABORTED. A method that does not return within half a second is then
   * ended.
   */
  signal?: AbortSignal
}

export interface TimedCallOptions extends CallOptions {
  /**
   * Time for the whole call, in ms, by this page's clock. Then the promise rejects with ERR_DEADLINE, whatever the
   * other side does. Left out: the deadline of the called process counts. A Glia peer that stops answering is given up
   * within 10 s, another libp2p peer that keeps the call waiting after 30 s.
   */
  deadlineMs?: number
  /**
   * The same text for each try of one call, at most 255 printable ASCII characters. The called peer runs the calls of
   * this tab with the same key once, and answers each with the same reply. It remembers them for five minutes.
   */
  key?: string
}

/**
 * `globalThis.glia`: the peer of this tab, for the devtools console, scripts and tests. Every promise rejects with
 * GliaError: compare its `code`.
 */
export interface GliaScripting {
  /** Base58btc peer id of this tab; undefined until it is known, which is before `ready` resolves. */
  readonly peerId: string | undefined
  /** Resolves when calls work. @throws {GliaError} if the tab cannot run a peer. */
  readonly ready: Promise<void>
  /**
   * Resolves when `fetch` reaches the processes too: a service worker controls the page and knows its peer.
   * @throws {GliaError} ERR_NO_TAB if there is no service worker; the error of {@link ready}.
   */
  readonly served: Promise<void>
  /** Makes a process of a module's bytes, or of a snapshot, and starts it. Resolves to its PID. */
  spawn(module: Uint8Array | ArrayBuffer | Blob, options?: SpawnOptions): Promise<string>
  /**
   * Stores what a process has in memory now, after the message that runs. Its policy has to be `memory: 'durable'`.
   * Resolves when it is stored for good.
   */
  checkpoint(pid: string, options?: CallOptions): Promise<void>
  /**
   * A process as a file: its module, what it has in memory, its files, arguments and environment. `spawn` makes a process of
   * it that goes on from there. `id` is that of one of its snapshots.
   */
  snapshot(pid: string, options?: CallOptions & { id?: number }): Promise<Blob>
  /** The last ten snapshots that are kept of a process, newest first. */
  snapshots(pid: string): Promise<SnapshotInfo[]>
  /**
   * Makes a process go on from one of its snapshots. What it has in memory now becomes one of them too, and its files under
   * `/data` stay.
   */
  rewind(pid: string, id: number, options?: CallOptions): Promise<void>
  /** The processes of this tab, root first. */
  procs(): ProcessInfo[]
  /**
   * Ends a process and forgets it, with all its keys. With `{pid}:{key}` it is one instance, with its memory and its
   * files. The next message of the key makes it anew.
   */
  kill(pid: string): Promise<void>
  /** The keys of a process that has an instance for each, sorted, and how many there are. */
  keys(pid: string, options?: KeyListOptions): Promise<KeyList>
  /**
   * Changes fields of a process's policy while it lives. `later` has those that count from its next instance on; the others
   * count at once, also for messages that wait. The message that runs keeps its deadline and its limits, and a message that waits
   * already keeps the longest wait that it came with: a new `deadlineMs` counts for its run.
   */
  setPolicy(pid: string, policy: GivenPolicy): Promise<PolicyChange>
  /**
   * The last 1,000 calls of a process since the page was opened, and the last refusals, the newest first: who called,
   * when, what, and how it ended.
   */
  calls(pid: string): readonly CallRecord[]
  /**
   * Records the calls of a process with all that its program reads, so that they can be replayed, or ends that. Its
   * memory moves to another worker. Resolves to false if that cannot be done: then it counts from its next instance on.
   * The last 200 calls are kept, also when the page goes, or 128 MiB of them.
   */
  record(pid: string, isOn?: boolean): Promise<boolean>
  /** The recorded calls, the oldest first. `missing` says why a call cannot be replayed. */
  recordings(): Promise<RecordedCallInfo[]>
  /** A recorded call as a file, with the bytes of its module if `module` is set. @param id As in the address of its page. */
  saveCall(id: string, options?: { module?: boolean }): Promise<Blob>
  /**
   * Runs a recorded call from a file again, in a worker of its own, and tells the first difference. The program gets the
   * recorded clock, random numbers, files and replies of others, and nothing leaves the worker.
   * @param options `module`: another version of the module. Left out: the one in the file, or of a process here.
   */
  replay(file: Blob, options?: CallOptions & { module?: Uint8Array | ArrayBuffer | Blob }): Promise<ReplayResult>
  /**
   * Everything of this tab as one file: processes with modules, policies, files and kept memory, names and settings.
   * `notes` has a sentence for each thing that is not in it.
   * @param options `identity`: with the key of this peer. @throws {GliaError} ERR_DENIED if the browser gives it to nobody.
   */
  exportAll(options?: { identity?: boolean }): Promise<{ file: Blob; name: string; notes: readonly string[] }>
  /**
   * Imports such a file, all or nothing, and reloads the page.
   * @param options `placing`: whether its processes are added under new PIDs, which is the default, or replace those that are
   * here under the PIDs of the file. `identity`: becomes the peer of the file. `managers`: lets the peers that the file names
   * manage processes here; left out, only those that may do so already.
   * @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with the file.
   */
  importAll(
    file: Uint8Array | ArrayBuffer | Blob,
    options?: { placing?: 'add' | 'replace'; identity?: boolean; managers?: boolean },
  ): Promise<void>
  /**
   * Starts a process afresh. A dead process lives again. What is in its memory is lost. A message that runs is ended if
   * it does not end within half a second.
   */
  restart(pid: string): Promise<void>
  /**
   * Makes a process run a new version of its module, after the message that runs and before those that wait. The PID,
   * policy, files and queue stay. If the new version does not start, the old one goes on.
   */
  swap(pid: string, module: Uint8Array | ArrayBuffer | Blob): Promise<void>
  /** Makes it run the version before the last swap again. */
  swapBack(pid: string): Promise<void>
  /** The last 500 lines of a process's log: what it wrote to stderr, and what happened to it. */
  log(pid: string): LogLine[]
  /** What a process has under `/data`, sorted by path; `totalBytes` is the length of all contents. */
  files(pid: string): Promise<{ entries: FileInfo[]; totalBytes: number }>
  /** The same as a tar archive. */
  exportFiles(pid: string): Promise<Blob>
  /**
   * Puts files under `/data` of a process, all or none. They replace files with the same paths. Takes a tar archive
   * (also `.tar.gz`), contents by path, or a list of files. The process gets them between two messages, and goes on.
   * Resolves when they are stored.
   */
  importFiles(pid: string, files: GivenFiles, options?: CallOptions): Promise<void>
  /**
   * Sends `watcher` a message whenever an instance of `watched` ends, and when `watched` is killed: JSON such as
   * `{"pid", "name", "reason": {"type": "trapped", "message", "frames"}, "final"}`, sent by `watched` to the method.
   * `watched` is a PID of this tab, or the address of a process of any peer, `/ww/0.1.0/{peer}/{pid}`: the message is
   * then `{"kind", "address", "pid", "reason", "final"}`, with the kinds of {@link WatchedEnd}. The watch outlives
   * reloads of both peers. Resolves to the id for `unwatch`.
   */
  watch(watcher: string, watched: string, method: string): Promise<string>
  /**
   * Calls the function once for each end of a process of any peer: `exited` with its reason (`noproc` if there is no
   * such process), `killed`, `moved`, or `unreachable` when its peer was lost for 5 s. Nothing comes after `killed`,
   * `moved` and `noproc`. After `unreachable` the watch goes on, and tells of the true end when the peer is back.
   * @throws {GliaError} ERR_DENIED if this peer may call nothing of the process.
   */
  watch(address: string, told: (end: WatchedEnd) => void): Promise<string>
  /** Ends a watch. */
  unwatch(id: string): Promise<void>
  /** Ends the instance of either process when an instance of the other ends abnormally, unless it watches the other. */
  link(a: string, b: string): Promise<void>
  unlink(a: string, b: string): Promise<void>
  /**
   * Sends a message and collects the reply. If a program exits with a code other than 0, the promise rejects: the error
   * has `exitCode`, and the output until then as `reply`.
   */
  call(address: string, body?: Uint8Array | ArrayBuffer | string, options?: TimedCallOptions): Promise<Uint8Array>
  /**
   * `fetch` for calls. Like `fetch` it resolves to the response, whatever its status, and streams both bodies. It
   * rejects with GliaError only. A call of this app (`/ww/0.1.0/…`, POST unless `init` says otherwise) goes straight to
   * this page's peer, without the service worker. A call of another origin, which is a gateway, carries an
   * `Idempotency-Key`: if no answer comes it is sent again, and still runs once. Of other requests GET and HEAD are
   * sent again. A body that is a stream is sent once.
   * @throws {GliaError} ERR_ABORTED, ERR_UNREACHABLE, ERR_BAD_REQUEST.
   */
  fetch(target: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Opens a stream to a method: write the message, close the writing half, read the reply. */
  open(address: string): Promise<Stream>
  /** The processes that another peer lists to this one: their PIDs, names and the methods that this peer may call. */
  listed(peerId: string, options?: CallOptions): Promise<readonly ListedProcess[]>
  /** The peers around this one: connected ones first, then those it has only heard of (`link: 'none'`). */
  peers(): PeerInfo[]
  /** Connects to a peer, by multiaddr, peer id or join link. Resolves to its peer id. */
  connect(target: string, options?: CallOptions): Promise<string>
  /** Closes all connections to a peer. */
  disconnect(peerId: string): Promise<void>
  /** Ids of the peers that may make and manage processes of this browser, by messages to `sys`. */
  managers(): readonly string[]
  /** Lets a peer do that, or no longer. */
  setManager(peerId: string, isManager?: boolean): Promise<void>
  /**
   * A link to this app with which others join the mesh and reach this peer. With a `pid` it leads to a process of this
   * tab, with a `key` too to its instance of that, with a `method` to one of its methods, and with a `cid` to a copy of a module that a process here shares.
   * @throws {GliaError} ERR_UNREACHABLE while no relay has a reservation for this tab; ERR_NO_PROC; ERR_NO_METHOD;
   * ERR_BAD_ADDRESS if it has no keys, or the key is none; ERR_DENIED if no process here shares the module; ERR_BAD_REQUEST.
   */
  joinLink(target?: { pid?: string; key?: string; method?: string; cid?: string }): string
}
