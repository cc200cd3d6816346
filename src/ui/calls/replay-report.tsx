import type { Difference } from '../../actors/recording/recorder-api.ts'
import { isCut, type RecordedEnd, type RecordedStart } from '../../actors/recording/recording.ts'
import { formatBytes, formatCount } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'
import type { ReplayedCall } from '../model.ts'
import { answeredWords } from './call-words.ts'
import { headText } from './head-text.ts'

/** Most bytes of a reply that are shown. */
const SHOWN_BYTES = 4096

/** What came of a replay: the same, or the first difference. */
export function ReplayReport({ replayed }: { replayed: ReplayedCall }) {
  const { call, result, isOther } = replayed
  const { difference, reply, stderr, calls, end, trap } = result
  return (
    <>
      <div class={difference ? 'replay-outcome differs' : 'replay-outcome'} role="status">
        <p class="state">
          <span class={`dot ${difference ? 'bad' : ''}`} />
          <b>{difference ? differenceWords(difference) : sameWords(call.end)}</b>
        </p>
        {difference ? (
          <Both difference={difference} />
        ) : (
          <p>
            Its reply of {formatBytes(reply.length)}
            {isCut(call.end) ? ' until then, and' : ','} what it wrote to its log and its files
            {isCut(call.end) ? '' : ', and its end'} are the same. {answeredWords(calls)}
          </p>
        )}
        {isOther && <p class="soft">Another module ran than the recorded one.</p>}
      </div>
      <dl class="facts">
        <dt>Program</dt>
        <dd>
          {call.name} <span class="mono">{call.method}</span>
        </dd>
        <dt>Recorded</dt>
        <dd>
          <time dateTime={new Date(call.at).toISOString()}>{formatWhole(call.at)}</time>
        </dd>
        <dt>Module</dt>
        <dd class="mono wrap">{call.cid}</dd>
        <dt>Before</dt>
        <dd>{startWords(call.start)}</dd>
        <dt>End</dt>
        <dd>
          {endWords(call.end)}
          {end && `; replayed: ${endWords(end)}`}
          {trap !== undefined && <span class="soft"> {trap}</span>}
        </dd>
      </dl>
      <Text title={`Reply of the replay, ${formatBytes(reply.length)}`} bytes={reply} />
      {stderr.length > 0 && <Text title="stderr of the replay" bytes={stderr} />}
    </>
  )
}

function Both({ difference }: { difference: Difference }) {
  const [recorded, replayed] = sidesOf(difference)
  return (
    <dl class="facts">
      <dt>Recorded</dt>
      <dd class="mono wrap">{recorded}</dd>
      <dt>Replayed</dt>
      <dd class="mono wrap">{replayed}</dd>
    </dl>
  )
}

function Text({ title, bytes }: { title: string; bytes: Uint8Array }) {
  const { text, kind } = headText(bytes.subarray(0, SHOWN_BYTES))
  const part = bytes.length > SHOWN_BYTES ? ', its first 4 KiB' : ''
  const whole = `${title}${part}${kind === 'hex' ? ', as hex' : ''}`
  return (
    <div class="call-text">
      <h3 class="label">{whole}</h3>
      <pre class="out" tabIndex={0} aria-label={whole}>
        {bytes.length === 0 ? 'empty' : text}
      </pre>
    </div>
  )
}

function differenceWords(difference: Difference): string {
  if (difference.kind === 'end') return 'It ends in another way.'
  if (difference.kind === 'call') return `Call ${formatCount(difference.call)} of the program is another one.`
  const { where, offset } = difference
  const what = { reply: 'of the reply', stderr: 'of what it writes to its log', written: 'of what it writes elsewhere' }
  return `Byte ${formatCount(offset)} ${what[where]} is the first that differs.`
}

function sidesOf(difference: Difference): [string, string] {
  if (difference.kind === 'end') return [endWords(difference.recorded), endWords(difference.replayed)]
  if (difference.kind === 'call')
    return [difference.recorded ?? 'no further call', difference.replayed ?? 'no further call']
  const start = difference.from > 0 ? '… ' : ''
  const shown = (bytes: Uint8Array): string => start + (bytes.length === 0 ? 'nothing' : headText(bytes).text)
  return [shown(difference.recorded), shown(difference.replayed)]
}

function sameWords(end: RecordedEnd): string {
  return isCut(end)
    ? 'The replay is the same up to where the recorded call was ended.'
    : 'The replay is the same as the recorded call.'
}

function endWords({ status, code }: RecordedEnd): string {
  if (status === 'failed') return `it returned ${code}`
  return status === 'exited' ? `it exited with ${code}` : END_WORDS[status]
}

const END_WORDS = {
  ok: 'ok',
  trapped: 'a trap',
  late: 'ended at its deadline',
  cancelled: 'ended because its caller cancelled the call',
  stopped: 'ended because its process was stopped',
} as const

/** What the instance was before the recorded call. */
function startWords(start: RecordedStart): string {
  if (start.kind === 'fresh') return 'a fresh instance'
  if (start.kind === 'missing') return `not known, because ${start.why}`
  return `${formatBytes(start.memoryBytes)} of memory, ${formatBytes(start.bytes.length)} of them not zero`
}
