import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { FileInfo } from '../../actors/files/file-index.ts'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes } from '../kit/format.ts'
import { Icon } from '../kit/icons.tsx'
import { LatestAttempt } from '../kit/latest-attempt.ts'
import { StorageWords } from '../kit/storage-words.tsx'
import { useKeptFocus } from '../kit/use-kept-focus.ts'
import type { ProcessFiles, ProcessSource, ProcessView, TabModel } from '../model.ts'
import { ProcessFilesView } from '../processes/process-files.tsx'
import { folderOf, nameOf, within } from './file-paths.ts'
import { FilePreview } from './file-preview.tsx'

interface FilesPartProps {
  model: TabModel
  source: ProcessSource
  process: ProcessView
}

/** The files of a process under `/data`: a folder at a time, and one of the files. */
export function FilesPart({ model, source, process }: FilesPartProps) {
  const { files } = source
  if (!files) return <p class="soft hint">This tab keeps no files.</p>
  return (
    <>
      <div class="field">
        <ProcessFilesView files={files} process={process} />
        {process.host === undefined && model.storage.value === 'refused' && <StorageWords model={model} />}
      </div>
      <Browser files={files} process={process} />
    </>
  )
}

function Browser({ files, process: { pid } }: { files: ProcessFiles; process: ProcessView }) {
  const summary = useMemo(() => files.of(pid), [files, pid]).value
  const infos = useSignal<readonly FileInfo[] | undefined>(undefined)
  const folder = useSignal('')
  const open = useSignal<string | undefined>(undefined)
  const shownList = useRef<HTMLUListElement>(null)
  useKeptFocus(shownList, 'li')
  const listing = useMemo(() => new LatestAttempt(), [pid])
  const change = useMemo(() => new Attempt(), [pid])
  const list = (): void => void listing.run(async () => void (infos.value = await files.list(pid)))
  useEffect(list, [pid, summary?.files, summary?.bytes, summary?.version])
  const shown = within(infos.value ?? [], folder.value)
  const chosen = infos.value?.find(({ path }) => path === open.value)
  const save = (path: string): void => void change.run(async () => download(await files.read(pid, path), nameOf(path)))
  const remove = ({ path }: FileInfo): void =>
    void change.run(async (signal) => {
      await files.remove(pid, path, signal)
      list()
    })
  return (
    <div class="files-browser">
      <nav class="row crumbs" aria-label="Folder">
        {['', ...foldersTo(folder.value)].map((path) => (
          <button
            key={path}
            type="button"
            class="link"
            aria-current={path === folder.value ? 'location' : undefined}
            onClick={() => (folder.value = path)}
          >
            {path === '' ? '/data' : nameOf(path)}
          </button>
        ))}
      </nav>
      <ErrorLine error={listing.error.value ?? change.error.value} />
      {infos.value && shown.length === 0 && (
        <p class="soft hint">
          {folder.value === ''
            ? 'Nothing is under /data. Drop files here, or let the process write some.'
            : 'The folder is empty.'}
        </p>
      )}
      <ul ref={shownList} tabIndex={-1} class="plain files-list" aria-label="Files">
        {shown.map((info) => (
          <li key={info.path} class="row">
            <button
              type="button"
              class="link grow"
              aria-expanded={info.kind === 'file' ? info.path === open.value : undefined}
              onClick={() => {
                if (info.kind === 'directory') folder.value = info.path
                else open.value = open.value === info.path ? undefined : info.path
              }}
            >
              {nameOf(info.path)}
              {info.kind === 'directory' ? '/' : ''}
            </button>
            <span class="soft num">{info.kind === 'file' ? formatBytes(info.bytes) : words(info)}</span>
            {info.kind === 'file' && (
              <button type="button" class="button" aria-label={`Download ${info.path}`} onClick={() => save(info.path)}>
                Download
              </button>
            )}
            <DeleteButton path={info.path} onDelete={() => remove(info)} />
          </li>
        ))}
      </ul>
      {chosen?.kind === 'file' && <FilePreview key={chosen.path} files={files} pid={pid} info={chosen} />}
    </div>
  )
}

/** Asks once, in its own place, since a deleted file cannot be brought back. */
function DeleteButton({ path, onDelete }: { path: string; onDelete: () => void }) {
  const asks = useSignal(false)
  if (!asks.value) {
    return (
      <button type="button" class="icon-button" aria-label={`Delete ${path}`} onClick={() => (asks.value = true)}>
        <Icon name="close" />
      </button>
    )
  }
  return (
    <button
      type="button"
      class="button"
      onBlur={() => (asks.value = false)}
      onClick={onDelete}
      ref={(it) => it?.focus()}
    >
      Delete for good
    </button>
  )
}

function words({ kind }: FileInfo): string {
  return kind === 'directory' ? 'folder' : 'link'
}

/** The folders on the way to a folder, from above: `a`, `a/b`. */
function foldersTo(folder: string): string[] {
  return folder === '' ? [] : [...foldersTo(folderOf(folder)), folder]
}
