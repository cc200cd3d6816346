import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { LogLine } from '../../actors/table/process-log.ts'
import type { KeyList, KeyListOptions } from '../../actors/table/key-list.ts'
import type { SpawnOptions } from '../../actors/table/spawn-options.ts'
import { optionsFrom } from '../../actors/table/snapshot-options.ts'
import { type GivenPolicy, makePolicy, type Policy, type PolicyChange } from '../../glia/process/policy.ts'
import { fields } from '../../glia/untrusted.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { wordsOf } from '../kit/notices.tsx'
import type { Draft, ProcessMemories, ProcessSource, ProcessView, TabModel, Undoable } from '../model.ts'
import { ManagedFiles } from './managed-files.ts'
import { type Answer, type OrderOptions, SysClient, unreadable } from './sys-client.ts'
import { readKeyList, readLines, readSnapshots, withLines } from './told-parts.ts'
import { count, readProcesses } from './told-process.ts'

/** How often the processes are looked at while they are shown, in ms. */
const LOOK_MS = 2000

type Model = Pick<TabModel, 'callPeer' | 'draft'>
type Words = ReturnType<typeof wordsOf>

/** The peers that this tab manages, or tries to. Their views share what is known of each. */
export class ManagedPeers {
  readonly #peers = new Map<string, ManagedPeer>()

  of(model: Model, peerId: string): ManagedPeer {
    const known = this.#peers.get(peerId) ?? new ManagedPeer(model, peerId)
    this.#peers.set(peerId, known)
    return known
  }
}

/** A peer that lets this tab manage it, such as a host. All of it goes by messages to its system process. */
export class ManagedPeer implements ProcessSource {
  /** Its processes; undefined while it is not known whether this tab may manage the peer, and if it may not. */
  readonly processes = signal<readonly ProcessView[] | undefined>(undefined)
  /** The process that is looked at by itself; without `process` it is not there. Undefined until that is known. */
  readonly found = signal<{ pid: string; process: ProcessView | undefined } | undefined>(undefined)
  /** Why the peer does not let this tab manage it. Undefined: it does, or that is not known. */
  readonly refused = signal<Words | undefined>(undefined)
  /** Why what is shown may be old. */
  readonly error = signal<Words | undefined>(undefined)
  /** PID of the process that is chosen in the list. */
  readonly selected = signal<string | undefined>(undefined)
  readonly peerId: string
  readonly #model: Model
  readonly #sys: SysClient
  /** The log of the process that is looked at by itself. */
  readonly #lines = signal<readonly LogLine[]>([])
  /** The number of the line of the shown log that comes next, if its peer numbers lines. */
  #nextLine: number | undefined
  /** Methods of its system process, as it tells; undefined of an older peer, which does not tell. */
  readonly #methods = signal<readonly string[] | undefined>(undefined)
  #shown: string | undefined
  /** Whether all processes are looked at, and not only the one that is shown. */
  #looksAtAll = true
  #looking: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** What this page has had the peer do. An answer from before the last one may be old. */
  #acts = 0

  constructor(model: Model, peerId: string) {
    this.#model = model
    this.peerId = peerId
    this.#sys = new SysClient(model, peerId)
  }

  /**
   * Looks at the processes as long as they are shown, until the peer says that this tab may not manage it.
   * @param pid The only one that is shown. Left out: all are.
   * @returns a function that ends it
   */
  follow(pid?: string): () => void {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    this.refused.value = undefined
    this.#looksAtAll = pid === undefined
    if (pid !== undefined) this.#setShown(pid)
    const look = async (): Promise<void> => {
      if (!document.hidden) await this.look()
      if (!isOver && !this.refused.peek()) timer = setTimeout(() => void look(), LOOK_MS)
    }
    void look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }

  /** Looks now: the answer to a look that is under way may be old. Never rejects. */
  look(): Promise<void> {
    if (!this.#looking) return (this.#looking = this.#look().finally(() => (this.#looking = undefined)))
    this.#next ??= this.#looking.then(() => {
      this.#next = undefined
      return this.look()
    })
    return this.#next
  }

  /** The process that is looked at by itself, with its log. */
  show(pid: string | undefined): void {
    if (pid === this.#shown) return
    this.#setShown(pid)
    if (pid !== undefined) void this.look()
  }

  readonly log = (pid: string): ReadonlySignal<readonly LogLine[]> =>
    computed(() => (this.found.value?.pid === pid ? this.#lines.value : []))

  /** A file that becomes a process there. This tab reads and compiles it to tell what it asks for. */
  readonly draft = (file: File): Draft => {
    const draft = this.#model.draft(file)
    const { fileName, name, bytes, since, step, snapshot, drop } = draft
    const spawn = async (options: SpawnOptions, cancelled: AbortSignal): Promise<string> => {
      const { files: _files, ...given } = options
      const found = await orAborted(snapshot, cancelled)
      const [method, head] = found ? (['restore', optionsFrom(found, given)] as const) : (['spawn', given] as const)
      const { pid } = (await this.#act(method, head, { body: file, cancelled })).head
      if (typeof pid !== 'string') throw unreadable()
      drop()
      await this.look()
      return pid
    }
    const swap = async (pid: string, cancelled: AbortSignal): Promise<Undoable> => {
      const { head } = await this.#act('swap', { pid }, { body: file, cancelled })
      drop()
      void this.look()
      return this.#undoable(head)
    }
    return { fileName, name, bytes, since, step, snapshot, drop, spawn, swap }
  }

  readonly restart = async (pid: string): Promise<void> => {
    await this.#act('restart', { pid })
    await this.look()
  }

  /** Reads a signal. */
  get undoesKills(): boolean {
    return this.#can('undo')
  }

  readonly kill = async (pid: string): Promise<Undoable> => {
    const { head } = await this.#act('kill', { pid })
    // The time to undo it runs: nothing is waited for.
    this.processes.value = this.processes.peek()?.filter((process) => process.pid !== pid)
    if (this.found.peek()?.pid === pid) this.found.value = { pid, process: undefined }
    void this.look()
    return this.#undoable(head)
  }

  readonly setPolicy = async (pid: string, given: GivenPolicy): Promise<PolicyChange> => {
    const { head } = await this.#act('policy', { pid, policy: given })
    await this.look()
    const policy = makePolicy(fields(head['policy']))
    const later = Array.isArray(head['later']) ? head['later'] : []
    return { policy, later: later.filter((field): field is keyof Policy => Object.hasOwn(policy, String(field))) }
  }

  readonly keys = async (pid: string, options: KeyListOptions): Promise<KeyList> =>
    readKeyList((await this.#sys.order('keys', { pid, ...options }, { isLook: true })).head)

  readonly memories: ProcessMemories = {
    list: async (pid) =>
      readSnapshots((await this.#sys.order('snapshots', { pid }, { isLook: true })).head['snapshots']),
    file: async (pid, id) => (await this.#sys.order('snapshot', { pid, id })).body,
    rewind: async (pid, id, cancelled) => {
      await this.#act('rewind', { pid, id }, { cancelled })
      await this.look()
    },
  }

  /** Reads a signal. */
  get files(): ProcessSource['files'] {
    return this.#can('files') ? this.#files : undefined
  }

  /** Reads a signal. */
  get moduleOf(): ProcessSource['moduleOf'] {
    return this.#can('module') ? this.#moduleOf : undefined
  }

  readonly #moduleOf = async (pid: string): Promise<Blob> => (await this.#sys.order('module', { pid })).body

  #setShown(pid: string | undefined): void {
    if (pid === this.#shown) return
    this.#shown = pid
    this.#lines.value = []
    this.#nextLine = undefined
    this.found.value = undefined
  }

  #can(method: string): boolean {
    return this.#methods.value?.includes(method) ?? false
  }

  async #act(method: string, head: object, options?: OrderOptions): Promise<Answer> {
    const answer = await this.#sys.order(method, head, options)
    this.#acts += 1
    return answer
  }

  #undoable({ undo: id, isWhole }: Answer['head']): Undoable {
    if (typeof id !== 'string') return {}
    const undo = async (): Promise<void> => {
      await this.#act('undo', { undo: id })
      await this.look()
    }
    return { undo, isWhole: isWhole === true }
  }

  async #look(): Promise<void> {
    try {
      if (this.#looksAtAll) await this.#lookAtAll()
      await this.#lookAtOne(this.#shown)
      this.error.value = undefined
    } catch (thrown) {
      const error = wordsOf(thrown)
      // It was never said that the tab may, or it may not any more. Other failures pass.
      if (error.code === 'ERR_DENIED' || error.code === 'ERR_NO_PROC') {
        this.refused.value = error
        this.processes.value = undefined
        this.found.value = undefined
      } else this.error.value = error
    }
  }

  async #lookAtAll(): Promise<void> {
    const acts = this.#acts
    const { head } = await this.#sys.order('list', {}, { isLook: true })
    this.#methods.value = readMethods(head)
    if (acts === this.#acts) this.processes.value = readProcesses(head['processes'], this.peerId)
  }

  async #lookAtOne(pid: string | undefined): Promise<void> {
    if (pid === undefined) return
    const acts = this.#acts
    const { head } = await this.#sys.order('list', { pid }, { isLook: true })
    if (pid !== this.#shown || acts !== this.#acts) return
    this.#methods.value = readMethods(head)
    // An older peer lists all.
    const process = readProcesses(head['processes'], this.peerId).find((each) => each.pid === pid)
    if (process) await this.#lookAtLog(pid)
    if (pid === this.#shown && acts === this.#acts) this.found.value = { pid, process }
  }

  async #lookAtLog(pid: string): Promise<void> {
    const from = this.#lines.peek().at(-1)?.at
    const next = this.#nextLine
    try {
      const { head } = await this.#sys.order('logs', { pid, from, next }, { isLook: true })
      if (pid !== this.#shown || next !== this.#nextLine) return
      // An older peer numbers nothing.
      this.#nextLine = count(head['next'])
      this.#lines.value = withLines(this.#lines.peek(), readLines(head['lines']), head['missed'] !== undefined)
    } catch (thrown) {
      // It was killed just now, and the next list says so.
      if (wordsOf(thrown).code !== 'ERR_NO_PROC') throw thrown
    }
  }

  readonly #files = new ManagedFiles({
    order: (...given) => this.#sys.order(...given),
    changed: computed(() => {
      const { pid, process } = this.found.value ?? {}
      return `${pid} ${process?.messages} ${process?.state}`
    }),
  })
}

function readMethods({ methods }: Answer['head']): readonly string[] | undefined {
  return Array.isArray(methods) ? methods.map(String) : undefined
}
