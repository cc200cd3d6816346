import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { FileInfo } from '../../actors/files/file-index.ts'
import type { FilesView, ProcessFiles } from '../model.ts'
import type { SysClient } from './sys-client.ts'
import { readFiles } from './told-parts.ts'

export interface ManagedFilesInit {
  order: SysClient['order']
  /** Changes when the process that is shown may have changed its files. */
  changed: ReadonlySignal<string>
}

/** The files under `/data` of the processes of another peer. */
export class ManagedFiles implements ProcessFiles {
  readonly #init: ManagedFilesInit
  /** Changes of files that this page has made. */
  readonly #acts = signal(0)

  constructor(init: ManagedFilesInit) {
    this.#init = init
  }

  readonly of = (pid: string): ReadonlySignal<FilesView | undefined> => {
    const view = signal<FilesView | undefined>(undefined)
    let asked: string | undefined
    return computed(() => {
      const now = `${this.#acts.value} ${this.#init.changed.value}`
      if (asked !== now) {
        asked = now
        void this.list(pid).then(
          (infos) => (view.value = viewOf(infos)),
          // Who wants to see the files is told why that fails.
          () => undefined,
        )
      }
      return view.value
    })
  }

  readonly archive = async (pid: string, cancelled: AbortSignal): Promise<Blob> =>
    (await this.#init.order('export', { pid }, { cancelled })).body

  readonly add = async (pid: string, files: readonly File[], cancelled: AbortSignal): Promise<void> => {
    const [{ readGivenFiles }, { tarOf }] = await Promise.all([
      import('../../actors/files/given-files.ts'),
      import('../../actors/files/tar.ts'),
    ])
    // How much the process may keep, its peer knows.
    const entries = await readGivenFiles(files, Number.MAX_SAFE_INTEGER, cancelled)
    await this.#init.order('import', { pid }, { body: await tarOf(entries, Date.now()), cancelled })
    this.#acts.value += 1
  }

  readonly list = async (pid: string): Promise<readonly FileInfo[]> =>
    readFiles((await this.#init.order('files', { pid }, { isLook: true })).head['entries'])

  readonly read = async (pid: string, path: string): Promise<Blob> =>
    (await this.#init.order('read', { pid, path })).body

  readonly remove = async (pid: string, path: string, cancelled: AbortSignal): Promise<void> => {
    await this.#init.order('remove', { pid, path }, { cancelled })
    this.#acts.value += 1
  }
}

/** What the storage of the peer is, it does not tell. */
function viewOf(infos: readonly FileInfo[]): FilesView {
  const files = infos.filter(({ kind }) => kind !== 'directory')
  const bytes = files.reduce((sum, info) => sum + info.bytes, 0)
  const version = infos.reduce((newest, info) => Math.max(newest, info.version), 0)
  return { files: files.length, bytes, version, usedBytes: undefined, quotaBytes: undefined }
}
