import { signal } from '@preact/signals'
import type { LogLine } from '../../actors/table/process-log.ts'
import type { SpawnOptions } from '../../actors/table/spawn-options.ts'
import { isSnapshotFile } from '../../actors/snapshot/snapshot-magic.ts'
import { PROTOCOL } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { type GivenPolicy, makePolicy, type Policy, type PolicyChange } from '../../glia/process/policy.ts'
import { concat } from '../../glia/stream/concat.ts'
import { fields } from '../../glia/untrusted.ts'
import { wordsOf } from '../kit/notices.tsx'
import type { Draft, ProcessView, TabModel } from '../model.ts'
import { readLines, readProcesses } from './told-process.ts'

/** How often the processes are looked at while they are shown, in ms. */
const LOOK_MS = 2000
/** Largest answer without a file, in bytes: other peers may send anything. */
const MAX_HEAD_BYTES = 8 * 1024 * 1024
const MAX_FILE_BYTES = 1024 * 1024 * 1024
const NEWLINE = 10

type Model = Pick<TabModel, 'callPeer' | 'draft'>

interface Order {
  body?: Blob
  cancelled?: AbortSignal | undefined
  /** The page asks by itself, and not for something that the person does. */
  isLook?: boolean
}

/** A peer that lets this tab manage it, such as a host. All of it goes by messages to its system process. */
export class ManagedPeer {
  /** Its processes; undefined while it is not known whether this tab may manage the peer, and if it may not. */
  readonly processes = signal<readonly ProcessView[] | undefined>(undefined)
  /** Why the list may be old. */
  readonly error = signal<ReturnType<typeof wordsOf> | undefined>(undefined)
  /** The log of the process that is shown. */
  readonly lines = signal<readonly LogLine[]>([])
  readonly peerId: string
  readonly #model: Model
  #shown: string | undefined
  #looking: Promise<void> | undefined

  constructor(model: Model, peerId: string) {
    this.#model = model
    this.peerId = peerId
  }

  /**
   * Looks at the processes as long as they are shown. A peer that does not let this tab manage it is asked once.
   * @returns a function that ends it
   */
  follow(): () => void {
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      if (!document.hidden) await this.look(ended.signal)
      if (!ended.signal.aborted && this.processes.peek()) timer = setTimeout(() => void look(), LOOK_MS)
    }
    void look()
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }

  /** Looks now. Never rejects. */
  look(cancelled?: AbortSignal): Promise<void> {
    this.#looking ??= this.#look(cancelled).finally(() => (this.#looking = undefined))
    return this.#looking
  }

  /** Whose log is looked at too. */
  show(pid: string | undefined): void {
    if (pid === this.#shown) return
    this.#shown = pid
    this.lines.value = []
    if (pid !== undefined) void this.look()
  }

  /** A file that becomes a process there. This tab reads and compiles it to tell what it asks for. */
  readonly draft = (file: File): Draft => {
    const draft = this.#model.draft(file)
    const { fileName, name, bytes, since, step, drop } = draft
    const spawn = async (options: SpawnOptions, cancelled: AbortSignal): Promise<string> => {
      const method = (await isSnapshotFile(file)) ? 'restore' : 'spawn'
      const { files: _files, ...head } = options
      const { pid } = (await this.#order(method, head, { body: file, cancelled })).head
      if (typeof pid !== 'string') throw unreadable()
      drop()
      await this.look()
      return pid
    }
    const swap = async (pid: string, cancelled: AbortSignal): Promise<{ undo: () => Promise<void> }> => {
      await this.#order('swap', { pid }, { body: file, cancelled })
      drop()
      await this.look()
      return { undo: cannotUndo }
    }
    return { fileName, name, bytes, since, step, drop, spawn, swap }
  }

  readonly restart = async (pid: string): Promise<void> => {
    await this.#order('restart', { pid })
    await this.look()
  }

  readonly kill = async (pid: string): Promise<void> => {
    await this.#order('kill', { pid })
    await this.look()
  }

  readonly setPolicy = async (pid: string, given: GivenPolicy): Promise<PolicyChange> => {
    const { head } = await this.#order('policy', { pid, policy: given })
    await this.look()
    const policy = makePolicy(fields(head['policy']))
    const later = Array.isArray(head['later']) ? head['later'] : []
    return { policy, later: later.filter((field): field is keyof Policy => Object.hasOwn(policy, String(field))) }
  }

  /** The process as a file: its module, what it has in memory, its files. */
  readonly snapshot = async (pid: string, cancelled: AbortSignal): Promise<Blob> =>
    (await this.#order('snapshot', { pid }, { cancelled })).body

  async #look(cancelled: AbortSignal | undefined): Promise<void> {
    const given = { isLook: true, cancelled }
    try {
      const { head } = await this.#order('list', {}, given)
      this.processes.value = readProcesses(head['processes'])
      await this.#lookAtLog(given)
      this.error.value = undefined
    } catch (thrown) {
      if (cancelled?.aborted) return
      const error = wordsOf(thrown)
      // It was never said that the tab may, or it may not any more. Other failures pass.
      if (error.code === 'ERR_DENIED') this.processes.value = undefined
      else if (this.processes.peek()) this.error.value = error
    }
  }

  async #lookAtLog(given: Order): Promise<void> {
    const pid = this.#shown
    if (pid === undefined || !this.processes.peek()?.some((process) => process.pid === pid)) return
    const before = this.lines.peek()
    const from = before.at(-1)?.at
    const { head } = await this.#order('logs', { pid, ...(from !== undefined && { from }) }, given)
    if (pid !== this.#shown) return
    // Lines of the same time come again.
    const lines = [...before.filter(({ at }) => from === undefined || at < from), ...readLines(head['lines'])]
    if (lines.length !== before.length) this.lines.value = lines
  }

  /** Sends a message to the system process. @throws {GliaError} its failure; ERR_PROTOCOL if the answer is no answer */
  async #order(method: string, head: object, { body, cancelled, isLook = false }: Order = {}): Promise<Answer> {
    const message = new Blob([`${JSON.stringify(head)}\n`, ...(body ? [body] : [])])
    const { reply, cancel } = this.#model.callPeer(`${PROTOCOL}/${this.peerId}/sys/${method}`, message, isLook)
    cancelled?.addEventListener('abort', cancel, { once: true })
    const most = method === 'snapshot' ? MAX_FILE_BYTES : MAX_HEAD_BYTES
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    try {
      for await (const chunk of reply) {
        bytes += chunk.length
        if (bytes > most) throw new GliaError('ERR_REPLY_TOO_LARGE', 'The answer of the peer is too large.')
        chunks.push(chunk.slice())
      }
    } finally {
      cancelled?.removeEventListener('abort', cancel)
    }
    return readAnswer(chunks)
  }
}

/** Only the peer knows what it ran before. Nothing here offers to undo. */
async function cannotUndo(): Promise<void> {
  throw new GliaError('ERR_BAD_REQUEST', 'A swap of another peer’s process cannot be undone from here.')
}

interface Answer {
  head: Record<string, unknown>
  body: Blob
}

/** A line of JSON, and perhaps a file. */
function readAnswer(chunks: readonly Uint8Array<ArrayBuffer>[]): Answer {
  const last = chunks.findIndex((chunk) => chunk.includes(NEWLINE))
  if (last < 0) throw unreadable()
  const start = concat(chunks.slice(0, last + 1))
  const end = start.indexOf(NEWLINE)
  let head: unknown
  try {
    head = JSON.parse(new TextDecoder().decode(start.subarray(0, end)))
  } catch (cause) {
    throw unreadable(cause)
  }
  return { head: fields(head), body: new Blob([start.subarray(end + 1), ...chunks.slice(last + 1)]) }
}

function unreadable(cause?: unknown): GliaError {
  return new GliaError('ERR_PROTOCOL', 'The peer gave an answer that this page does not understand.', { cause })
}
