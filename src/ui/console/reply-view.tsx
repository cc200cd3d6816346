import { useSignal } from '@preact/signals'
import { useId, useMemo } from 'preact/hooks'
import { Content, Formats } from './bytes-view.tsx'
import { CopyButton } from '../kit/copy-button.tsx'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatMs } from '../kit/format.ts'
import { imageType, jsonOf, type ReplyFormat } from './reply-format.ts'
import type { CallView, RunningCall } from './running-call.ts'

const STATE: Record<CallView['state'] | 'empty', { text: string; dot: string }> = {
  running: { text: 'running', dot: 'warn' },
  ok: { text: 'ok', dot: 'ok' },
  empty: { text: 'ok, and no output arrived', dot: 'warn' },
  failed: { text: 'failed', dot: 'bad' },
  cancelled: { text: 'cancelled', dot: 'none' },
}

/** The reply as it arrives, and how the call ended. */
export function ReplyView({ call, fileName }: { call: RunningCall | undefined; fileName: string }) {
  const view = call?.view.value
  const label = useId()
  const chosen = useSignal<ReplyFormat>('text')
  const hasReply = view !== undefined && view.state !== 'running' && view.bytes > 0
  const found = useMemo(() => (call && hasReply ? contentOf(call) : undefined), [call, hasReply])
  const formats: ReplyFormat[] = [
    'text',
    ...(found?.json ? (['json'] as const) : []),
    ...(found?.type === undefined ? [] : (['image'] as const)),
    'hex',
  ]
  // The next reply may be something else.
  const format = formats.includes(chosen.value) ? chosen.value : 'text'
  return (
    <div class="reply">
      <div class="row">
        <span class="label grow" id={label}>
          Reply
        </span>
        {found && <Formats formats={formats} chosen={format} onChoose={(each) => (chosen.value = each)} />}
      </div>
      {format === 'text' || !found ? (
        <pre class="out" role="region" aria-labelledby={label} aria-live="polite" tabIndex={0}>
          {view?.text}
        </pre>
      ) : (
        <Content format={format} {...found} label="Reply" />
      )}
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

/** Saves the reply under a name that tells what it is. */
function save(call: RunningCall, name: string): void {
  const { bytes, type, json } = contentOf(call)
  const end = type?.replace(/^image\/|\+.*$/g, '') ?? (json ? 'json' : call.reply.isBinary ? 'bin' : 'txt')
  download(new Blob([bytes], { type: type ?? '' }), `${name}.${end}`)
}

/** The reply as bytes, and what they can be shown as besides text. */
function contentOf({ reply }: RunningCall) {
  const bytes = reply.bytes()
  return { bytes, type: imageType(bytes), json: reply.complete ? jsonOf(bytes) : undefined }
}

function CallLine({ call, view, fileName }: { call: RunningCall; view: CallView; fileName: string }) {
  const { text, dot } = STATE[view.isDoubtful ? 'empty' : view.state]
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
          <button type="button" class="link" onClick={() => save(call, fileName)}>
            {call.reply.complete ? 'Save as a file' : `Save the first ${formatBytes(call.reply.keptBytes)}`}
          </button>
        </>
      )}
    </div>
  )
}
