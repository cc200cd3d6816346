import { useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatCount } from '../kit/format.ts'
import type { FilesView, ProcessFiles, ProcessView } from '../model.ts'
import { showNews } from '../kit/notices.tsx'
import { useOwnDrop } from '../kit/own-drop.ts'
import { useWait } from '../kit/use-wait.ts'

/**
 * What a process keeps under /data, how much of the browser's storage that is, and the ways to add and to export files.
 */
export function ProcessFilesView({ files, process }: { files: ProcessFiles; process: ProcessView }) {
  const { pid, name } = process
  const view = useMemo(() => files.of(pid), [files, pid]).value
  const attempt = useMemo(() => new Attempt(), [pid])
  const wait = useWait(attempt.since.value)
  const add = (given: readonly File[]): void => {
    if (given.length === 0) return
    void attempt.run(async (cancelled) => {
      await files.add(pid, given, cancelled)
      showNews(
        `${given.length === 1 ? given[0]?.name : `${given.length} files`} added to ${name}`,
        'Its next message finds what is new under /data.',
      )
    })
  }
  const { isOver, target } = useOwnDrop(`Drop to put files under /data of ${name}`, add)
  if (!view) return <span class="soft">–</span>
  return (
    <div class={`files ${isOver ? 'over' : ''}`} {...target}>
      <div>{filesWords(view)}</div>
      {view.usedBytes !== undefined && view.quotaBytes !== undefined && (
        <div class="soft">
          This site keeps {formatBytes(view.usedBytes)} of at most {formatBytes(view.quotaBytes)} in this browser.
        </div>
      )}
      <div class="row">
        <label class="button plain file-button" title="A tar archive is unpacked">
          <span aria-hidden="true">Add files…</span>
          <input
            type="file"
            multiple
            aria-label="Add files"
            onChange={({ currentTarget }) => {
              add([...(currentTarget.files ?? [])])
              // Lets the person choose the same file again.
              currentTarget.value = ''
            }}
          />
        </label>
        {view.files > 0 && (
          <button
            type="button"
            class="button"
            onClick={() =>
              void attempt.run(async (cancelled) => download(await files.archive(pid, cancelled), `${name}-data.tar`))
            }
          >
            Download as tar
          </button>
        )}
        {wait === 'long' && (
          <button type="button" class="button" onClick={() => attempt.cancel()}>
            Cancel
          </button>
        )}
      </div>
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}

function filesWords({ files, bytes }: FilesView): string {
  if (files === 0) return 'none'
  return `${files === 1 ? 'One file' : `${formatCount(files)} files`}, ${formatBytes(bytes)}`
}
