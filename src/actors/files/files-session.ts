import { toGliaError } from '../../glia/errors.ts'
import { type FilesSynced, SyncWords } from './file-barrier.ts'
import { type FileChange, type KeptFiles, MAX_FILE_PATH, readFilesChanged } from './files-api.ts'

export type PutFiles = (changes: readonly FileChange[]) => Promise<void>

export interface FilesSessionInit {
  /** Takes what the worker has changed. */
  changed(changes: readonly FileChange[]): void
  /** Takes a line for people about files that cannot be kept. */
  report(line: string): void
  /** Resolves to whether everything taken until now is stored for good. */
  stored(): Promise<boolean>
}

/** The page's side of the files of one worker. */
export class FilesSession {
  /** The worker has been ended. Messages that it posted before may still arrive. */
  isStopped = false
  readonly #init: FilesSessionInit
  #kept: KeptFiles
  readonly #port: MessagePort
  #put: PutFiles | undefined
  #reports = 0
  #waiting: { reports: number; come: () => void } | undefined

  /** @param given What the worker begins with, and how `fsync` waits. */
  constructor(given: Omit<KeptFiles, 'port'>, init: FilesSessionInit) {
    const { port1, port2 } = new MessageChannel()
    this.#init = init
    this.#port = port1
    this.#kept = { ...given, port: port2 }
  }

  /** For the worker. Its port is to be transferred. After the start of the worker it has no entries. */
  get kept(): KeptFiles {
    return this.#kept
  }

  /**
   * From now on changes are taken. Those that were posted before wait in the port.
   * @param put Makes the worker put files there between two messages, after its changes until then were taken.
   */
  begin(put: PutFiles): void {
    this.#put = put
    // The worker has them. Otherwise the page would hold all of /data a second time as long as the worker lives.
    this.#kept = { ...this.#kept, entries: [] }
    this.#port.onmessage = ({ data }: MessageEvent) => this.#receive(data)
  }

  /** Changes files of the worker's copy, if there is a worker. @throws {GliaError} ERR_PROC_STOPPED */
  async put(changes: readonly FileChange[]): Promise<void> {
    if (!this.isStopped) await this.#put?.(changes)
  }

  /**
   * Resolves when so many reports of the worker have arrived; undefined if they have. They take another way than the
   * end of a message.
   */
  received(reports: number): Promise<void> | undefined {
    if (this.#reports >= reports) return undefined
    return new Promise((come) => {
      this.#waiting = { reports, come }
    })
  }

  /**
   * The worker has been ended. The port stays open for what it has posted, and an open port is never collected. So
   * nothing that the port leads to may lead to the worker and its rings.
   */
  stopped(): void {
    this.isStopped = true
    this.#put = undefined
    this.#waiting = undefined
  }

  /** Takes nothing more. */
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

  /** Answers a guest that waits in `fsync`. */
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
