import { useId } from 'preact/hooks'
import { CopyButton } from '../kit/copy-button.tsx'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatMs } from '../kit/format.ts'
import type { CallView, RunningCall } from './running-call.ts'

const STATE: Record<CallView['state'], { text: string; dot: string }> = {
  running: { text: 'running', dot: 'warn' },
  ok: { text: 'ok', dot: 'ok' },
  failed: { text: 'failed', dot: 'bad' },
  cancelled: { text: 'cancelled', dot: 'none' },
}

/** The reply as it arrives, and how the call ended. */
export function ReplyView({ call, fileName }: { call: RunningCall | undefined; fileName: string }) {
  const view = call?.view.value
  const label = useId()
  return (
    <div class="reply">
      <span class="label" id={label}>
        Reply
      </span>
      <pre class="out" role="region" aria-labelledby={label} aria-live="polite" tabIndex={0}>
        {view?.text}
      </pre>
      {call && view && <CallLine call={call} view={view} fileName={fileName} />}
      {view?.state === 'failed' && <ErrorLine error={view.error} />}
      {view?.error?.stderr !== undefined && (
        <pre class="out" role="region" aria-label="End of stderr" tabIndex={0}>
          {view.error.stderr}
        </pre>
      )}
    </div>
  )
}

function CallLine({ call, view, fileName }: { call: RunningCall; view: CallView; fileName: string }) {
  const { text, dot } = STATE[view.state]
  return (
    <div class="row soft call-line">
      <span class="state" role="status">
        <span class={`dot ${dot}`} />
        {text}
      </span>
      <span class="figures">
        {formatBytes(view.bytes)} in {formatMs(view.ms)}
      </span>
      <span>{view.note}</span>
      <span class="grow" />
      {view.bytes > 0 && view.state !== 'running' && (
        <>
          <CopyButton label="Copy as text" text={() => new TextDecoder().decode(call.reply.bytes())} />
          <button type="button" class="link" onClick={() => download(new Blob([call.reply.bytes()]), fileName)}>
            {call.reply.complete ? 'Download' : `Download the first ${formatBytes(call.reply.keptBytes)}`}
          </button>
        </>
      )}
    </div>
  )
}
