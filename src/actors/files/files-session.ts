import { toGliaError } from '../../glia/errors.ts'
import { type FilesSynced, SyncWords } from './file-barrier.ts'
import { type FileChange, type FileEntry, type KeptFiles, MAX_FILE_PATH, readFilesChanged } from './files-api.ts'

export type PutFiles = (entries: readonly FileEntry[]) => Promise<void>

export interface FilesSessionInit {
  /** Gets what the worker has changed. */
  changed(changes: readonly FileChange[]): void
  /** Gets a line for people about what cannot be kept. */
  report(line: string): void
  /** Resolves to whether everything that was taken until now is in the store for good. */
  stored(): Promise<boolean>
}

/** The page's side of the files of one worker. */
export class FilesSession {
  /** The worker has been ended. What it had posted before may still come. */
  isStopped = false
  readonly #init: FilesSessionInit
  #kept: KeptFiles
  readonly #port: MessagePort
  #put: PutFiles | undefined
  #reports = 0
  #waiting: { reports: number; come: () => void } | undefined

  /** @param given What the worker begins with, and how it waits. */
  constructor(given: Omit<KeptFiles, 'port'>, init: FilesSessionInit) {
    const { port1, port2 } = new MessageChannel()
    this.#init = init
    this.#port = port1
    this.#kept = { ...given, port: port2 }
  }

  /** For the worker; its port is to be transferred. Once the worker has started there are no entries any more. */
  get kept(): KeptFiles {
    return this.#kept
  }

  /**
   * From now on changes are taken; those that were posted before wait in the port.
   * @param put Has the worker put files there between two messages, once all it has changed by then is taken.
   */
  begin(put: PutFiles): void {
    this.#put = put
    // The worker has them: as long as it lives the page would have all of /data a second time.
    this.#kept = { ...this.#kept, entries: [] }
    this.#port.onmessage = ({ data }: MessageEvent) => this.#receive(data)
  }

  /** Puts files into the worker's copy, if there is a worker. @throws {GliaError} ERR_PROC_STOPPED */
  async put(entries: readonly FileEntry[]): Promise<void> {
    if (!this.isStopped) await this.#put?.(entries)
  }

  /** Resolves when so many reports of the worker have come; undefined if they have. They take another way than a message's end. */
  received(reports: number): Promise<void> | undefined {
    if (this.#reports >= reports) return undefined
    return new Promise((come) => {
      this.#waiting = { reports, come }
    })
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#port.close()
  }

  #receive(data: unknown): void {
    this.#reports += 1
    try {
      const { changes, tooLong, sync } = readFilesChanged(data)
      this.#init.changed(changes)
      if (tooLong > 0) this.#init.report(tooLongLine(tooLong))
      if (sync !== undefined) void this.#answer(sync)
    } catch (thrown) {
      this.#init.report(`What was changed under /data is not kept: ${toGliaError(thrown).message}`)
    }
    if (this.#waiting && this.#reports >= this.#waiting.reports) this.#waiting.come()
  }

  /** Tells a guest that waits in `fsync`. */
  async #answer(sync: number): Promise<void> {
    const ok = await this.#init.stored()
    const { barrier } = this.#kept
    if (typeof barrier === 'object') new SyncWords(barrier).answer(sync, ok)
    else this.#port.postMessage({ type: 'synced', sync, ok } satisfies FilesSynced)
  }
}

function tooLongLine(count: number): string {
  const what = count === 1 ? 'Something under /data is' : `${count} files and directories under /data are`
  return `${what} not kept: a path may have ${MAX_FILE_PATH} characters, and all together as many as there may be bytes.`
}
