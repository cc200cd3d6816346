import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { CallRecord } from '../../glia/process/call-log.ts'
import { formatBytes, formatMoment, formatMs } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessView, TabModel } from '../model.ts'

/** Calls that are shown at first, and that each press of the button adds. */
const SHOWN = 10

export interface CallListProps {
  model: TabModel
  process: ProcessView
}

/** Who called a process, the newest call first. */
export function CallList({ model, process: { pid } }: CallListProps) {
  const shown = useSignal(SHOWN)
  const calls = useMemo(() => model.calls(pid), [model, pid]).value
  if (calls.length === 0) return <>none since this page was opened</>
  const rest = calls.length - shown.value
  return (
    <>
      <ol class="exits" aria-label="Calls, the last one first">
        {calls.slice(0, shown.value).map((call, i) => (
          <CallLine key={calls.length - i} call={call} />
        ))}
      </ol>
      {rest > 0 && (
        <button type="button" class="button plain" onClick={() => (shown.value += 5 * SHOWN)}>
          Show {Math.min(rest, 5 * SHOWN)} more of {calls.length}
        </button>
      )}
    </>
  )
}

function CallLine({ call }: { call: CallRecord }) {
  const { at, method, result, bytesIn, bytesOut, ms, times, onBehalfOf } = call
  return (
    <li>
      <time class="soft" dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
        {formatMoment(at)}
      </time>{' '}
      <Caller call={call} />
      {onBehalfOf.length > 0 && (
        <>
          {' for '}
          <Ids ids={onBehalfOf} />
        </>
      )}
      {': '}
      <span class="mono">{method}</span>,{' '}
      {result === undefined ? 'under way' : <span class={result === 'ok' ? undefined : 'bad-text'}>{result}</span>}
      {times > 1 && ` ${times} times`}
      <span class="soft">
        , {formatBytes(bytesIn)} in, {formatBytes(bytesOut)} out, {formatMs(ms)}
      </span>
    </li>
  )
}

/** A PID of this tab, or the shortened opaque name of another peer's process. */
function Caller({ call: { from, peer, process } }: { call: CallRecord }) {
  if (from === 'page') return <>a page of this browser</>
  const ids = [peer, process].filter((id) => id !== undefined)
  return (
    <>
      {from === 'peer' ? 'peer ' : 'process '}
      <Ids ids={ids} />
    </>
  )
}

function Ids({ ids }: { ids: readonly string[] }) {
  return (
    <span class="mono" title={ids.join(' ')}>
      {ids.map(peerWords).join(' ')}
    </span>
  )
}
