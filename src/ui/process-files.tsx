import { useMemo } from 'preact/hooks'
import { Attempt } from './attempt.ts'
import { download } from './download.ts'
import { ErrorLine } from './error-line.tsx'
import { formatBytes, formatCount } from './format.ts'
import type { FilesView, ProcessFiles, ProcessView } from './model.ts'
import { useWait } from './use-wait.ts'

/** What a process keeps under /data, how much of the browser's storage that is, and a way to take it along. */
export function ProcessFilesView({ files, process }: { files: ProcessFiles; process: ProcessView }) {
  const { pid, name } = process
  const view = useMemo(() => files.of(pid), [files, pid]).value
  const attempt = useMemo(() => new Attempt(), [pid])
  const wait = useWait(attempt.since.value)
  if (!view) return <span class="soft">–</span>
  return (
    <>
      <div>{filesWords(view)}</div>
      {view.usedBytes !== undefined && view.quotaBytes !== undefined && (
        <div class="soft">
          This site keeps {formatBytes(view.usedBytes)} of at most {formatBytes(view.quotaBytes)} in this browser.
        </div>
      )}
      {view.files > 0 && (
        <div class="row">
          <button
            type="button"
            class="button"
            onClick={() =>
              void attempt.run(async (cancelled) => download(await files.archive(pid, cancelled), `${name}-data.tar`))
            }
          >
            Download as tar
          </button>
          {wait === 'long' && (
            <button type="button" class="button" onClick={() => attempt.cancel()}>
              Cancel
            </button>
          )}
        </div>
      )}
      <ErrorLine error={attempt.error.value} />
    </>
  )
}

function filesWords({ files, bytes }: FilesView): string {
  if (files === 0) return 'none'
  return `${files === 1 ? 'One file' : `${formatCount(files)} files`}, ${formatBytes(bytes)}`
}
