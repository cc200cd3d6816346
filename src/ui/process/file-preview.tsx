import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { FileInfo } from '../../actors/files/file-index.ts'
import { BytesView } from '../console/bytes-view.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes } from '../kit/format.ts'
import { LatestAttempt } from '../kit/latest-attempt.ts'
import type { ProcessFiles } from '../model.ts'

/** A larger file is not shown, and can be downloaded. */
const MAX_BYTES = 4 * 1024 * 1024

/** The content of a file, as a reply would be shown. */
export function FilePreview({ files, pid, info }: { files: ProcessFiles; pid: string; info: FileInfo }) {
  const { path, bytes, version } = info
  const content = useSignal<Uint8Array<ArrayBuffer> | undefined>(undefined)
  const reading = useMemo(() => new LatestAttempt(), [])
  const isShown = bytes <= MAX_BYTES
  useEffect(() => {
    if (!isShown) return
    void reading.run(
      async () => void (content.value = new Uint8Array(await (await files.read(pid, path)).arrayBuffer())),
    )
  }, [isShown, bytes, version])
  return (
    <div class="field">
      <b class="mono wrap">/data/{path}</b>
      {!isShown && <p class="soft">{formatBytes(bytes)} are too many to be shown. Download the file.</p>}
      {isShown && content.value && <BytesView bytes={content.value} label={`Content of ${path}`} />}
      <ErrorLine error={reading.error.value} />
    </div>
  )
}
