import type { FileInfo } from '../actors/files/file-index.ts'
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { ProcessFiles as Files } from '../actors/files/process-files.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { FilesView, ProcessFiles } from '../ui/model.ts'

export interface KeptFilesInit {
  table(): Promise<ProcessTable>
  /** Changes whenever a process has changed. */
  version: ReadonlySignal<number>
  /** The files of a process; undefined if there is none. */
  find(pid: string): Files | undefined
  changed(): void
}

/** The files under `/data`, for the views. */
export class KeptFiles implements ProcessFiles {
  readonly #init: KeptFilesInit

  constructor(init: KeptFilesInit) {
    this.#init = init
  }

  readonly of = (pid: string): ReadonlySignal<FilesView | undefined> => {
    const { version, find, changed } = this.#init
    const site = signal<StorageEstimate>({})
    let shown: number | undefined
    return computed(() => {
      void version.value
      const { usage, quota } = site.value
      const files = find(pid)
      if (!files) return undefined
      const { index } = files
      if (!index) {
        // The process's log tells of the failure when the process starts.
        void files.load().then(changed, () => undefined)
        return undefined
      }
      if (shown !== index.bytes) {
        shown = index.bytes
        void estimate().then((now) => (site.value = now))
      }
      return { files: index.files, bytes: index.bytes, version: index.version, usedBytes: usage, quotaBytes: quota }
    })
  }

  readonly archive = async (pid: string, cancelled: AbortSignal): Promise<Blob> => {
    const archive = await (await this.#init.table()).files.export(pid)
    cancelled.throwIfAborted()
    return archive
  }

  readonly add = async (pid: string, files: readonly File[], cancelled: AbortSignal): Promise<void> =>
    (await this.#init.table()).files.import(pid, files, cancelled)

  readonly list = async (pid: string): Promise<readonly FileInfo[]> =>
    (await (await this.#init.table()).files.list(pid)).entries

  readonly read = async (pid: string, path: string): Promise<Blob> => (await this.#init.table()).files.read(pid, path)

  readonly remove = async (pid: string, path: string, cancelled: AbortSignal): Promise<void> =>
    (await this.#init.table()).files.remove(pid, path, cancelled)
}

/** The storage of this whole site. Without a store there is nothing to tell. */
async function estimate(): Promise<StorageEstimate> {
  try {
    return await navigator.storage.estimate()
  } catch {
    return {}
  }
}
