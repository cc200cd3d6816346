import type { Logger } from '../glia/log.ts'
import type { CallBlock } from '../glia/trace/call-block.ts'
import type { CallTrace } from '../glia/trace/call-trace.ts'
import type { KeptBlock } from '../glia/trace/read-calls.ts'
import type { RecordingStore } from '../actors/recording/call-recordings.ts'
import { CallStore } from './call-store.ts'

/** Time between a call and the write that keeps it, in ms. */
const WRITE_MS = 1000

export interface CallKeeperInit {
  trace: CallTrace
  /** Name of what is kept in this browser. */
  storage: string
  slot: number
  log: Logger
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/** Keeps the recorded calls across reloads. It writes in batches, when the page is idle. */
export class CallKeeper {
  readonly trace: CallTrace
  /** Keeps calls that are recorded with all that their programs read. */
  readonly recordings: RecordingStore = {
    all: async () => {
      let found: Awaited<ReturnType<RecordingStore['all']>> = []
      await this.#withStore(async (store) => (found = await store.recordings()))
      return found
    },
    put: (recording) => this.#withStore((store) => store.putRecording(recording)),
    remove: (ids) => this.#withStore((store) => store.removeRecordings(ids)),
  }
  readonly #init: CallKeeperInit
  /** Calls of each block that are written. */
  readonly #written = new WeakMap<CallBlock, number>()
  #store: Promise<CallStore | undefined> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(init: CallKeeperInit) {
    this.#init = init
    this.trace = init.trace
    this.trace.changed = () => this.#writeSoon()
    // Calls may have come before.
    this.#writeSoon()
    addEventListener('pagehide', () => void this.write(), { signal: init.alive })
    init.alive.addEventListener('abort', () => void this.#store?.then((store) => store?.close()), { once: true })
  }

  /** Writes what is not written. Never rejects: without a database the calls are in memory only. */
  write(): Promise<void> {
    this.trace.notice()
    const isFirst = this.#store === undefined
    const due = this.trace.blocks.filter((block) => this.#written.get(block) !== block.size)
    if (due.length === 0) return this.#writing
    for (const block of due) this.#written.set(block, block.size)
    return this.#withStore(async (store) => {
      await store.put(due)
      // A block was full, or this is the first write.
      if (due.length > 1 || isFirst) await store.trim()
    })
  }

  /** The calls of earlier pages, the oldest first. */
  async earlier(): Promise<KeptBlock[]> {
    let found: KeptBlock[] = []
    await this.#withStore(async (store) => (found = await store.blocks()))
    return found.filter(({ numbers }) => (numbers[0] ?? 0) < this.trace.firstId)
  }

  /** Forgets the calls that ended, of this page and of earlier ones. */
  async clear(): Promise<void> {
    this.trace.clear()
    await this.#withStore(async (store) => store.clear())
  }

  #writeSoon(): void {
    const { alive } = this.#init
    const write = (): void => {
      if (!alive.aborted) void this.write()
    }
    setTimeout(() => {
      // Older versions of Safari have no `requestIdleCallback`.
      if ('requestIdleCallback' in globalThis) requestIdleCallback(write, { timeout: WRITE_MS })
      else write()
    }, WRITE_MS)
  }

  /** One after the other, so that a write is not behind the end of what it wrote. */
  #withStore(work: (store: CallStore) => Promise<unknown>): Promise<void> {
    const { storage, slot, log } = this.#init
    this.#store ??= CallStore.open(storage, slot).catch((thrown: unknown) => {
      log.warn('calls are not kept across reloads:', thrown)
      return undefined
    })
    const store = this.#store
    this.#writing = this.#writing
      .then(async () => {
        const opened = await store
        if (opened) await work(opened)
      })
      .catch((thrown: unknown) => log.warn('calls could not be kept:', thrown))
    return this.#writing
  }
}
