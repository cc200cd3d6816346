import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { formatBytes, formatMs } from '../kit/format.ts'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { CallBar } from './call-bar.tsx'
import { calleeWords, callerWords, callIdText, type NameOf, statusWords, WAY_WORDS } from './call-words.ts'

/** Height of a row, in px. The CSS has the same. */
const ROW_PX = 36
/** Rows beyond each edge of the box, so that scrolling shows no gaps. */
const SPARE_ROWS = 8

const SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export interface CallTableProps {
  /** The newest first. */
  calls: readonly TracedCall[]
  nameOf: NameOf
}

/** A table of calls that makes only the rows that are seen. They keep their place while newer calls come. */
export function CallTable({ calls, nameOf }: CallTableProps) {
  const box = useRef<HTMLDivElement>(null)
  const scrolled = useSignal({ top: 0, height: 600 })
  const before = useRef<{ first: number | undefined; calls: readonly TracedCall[] }>({ first: undefined, calls })
  const look = (): void => {
    if (!box.current) return
    const { scrollTop: top, clientHeight: height } = box.current
    if (top !== scrolled.value.top || height !== scrolled.value.height) scrolled.value = { top, height }
  }
  useLayoutEffect(() => {
    const element = box.current
    const { first } = before.current
    // A person who has scrolled down reads. At the top the newest call is wanted.
    if (element && element.scrollTop > 0 && first !== undefined && before.current.calls !== calls) {
      const newer = calls.findIndex(({ id }) => id <= first)
      if (newer > 0) element.scrollTop += newer * ROW_PX
    }
    before.current = { first: calls[0]?.id, calls }
    look()
  }, [calls])
  useLayoutEffect(() => {
    const resized = new ResizeObserver(look)
    if (box.current) resized.observe(box.current)
    return () => resized.disconnect()
  }, [])
  const { top, height } = scrolled.value
  const from = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS)
  const to = Math.min(calls.length, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS)
  return (
    <div ref={box} class="calls-box" role="region" aria-label="Recorded calls" tabIndex={0} onScroll={look}>
      <table class="calls" aria-rowcount={calls.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th class="time">Time</th>
            <th class="way">Way</th>
            <th class="caller">Caller</th>
            <th class="callee">Process and method</th>
            <th class="status">Status</th>
            <th class="num bytes">In</th>
            <th class="num bytes">Out</th>
            <th class="bar">Network, mailbox, run</th>
            <th class="num ms">Took</th>
          </tr>
        </thead>
        <tbody>
          <Gap rows={from} />
          {calls.slice(from, to).map((call, i) => (
            <CallRow key={call.id} call={call} nameOf={nameOf} rowIndex={from + i + 2} />
          ))}
          <Gap rows={calls.length - to} />
        </tbody>
      </table>
    </div>
  )
}

function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null
  return (
    <tr class="gap" aria-hidden="true">
      <td style={{ height: `${rows * ROW_PX}px` }} />
    </tr>
  )
}

function CallRow({ call, nameOf, rowIndex }: { call: TracedCall; nameOf: NameOf; rowIndex: number }) {
  const { id, at, way, method, status, bytesIn, bytesOut, ms } = call
  const to = hashOf('calls', callIdText(id))
  const onClick = (event: MouseEvent): void => {
    // The link in the row goes there by itself.
    if (event.target instanceof Element && !event.target.closest('a')) goTo(to)
  }
  return (
    <tr aria-rowindex={rowIndex} class={status === 'ok' || status === 'pending' ? status : 'failed'} onClick={onClick}>
      <td class="mono time">
        <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
          {SECONDS.format(at)}
          <span class="fraction">{`.${String(at % 1000).padStart(3, '0')}`}</span>
        </time>
      </td>
      <td class="way">{WAY_WORDS[way]}</td>
      <td class="caller">{callerWords(call, nameOf)}</td>
      <td class="callee">
        <a href={to}>
          {calleeWords(call, nameOf)} <span class="mono">{method}</span>
        </a>
      </td>
      <td class="status">
        <span class="state">
          <span class={`dot ${status === 'ok' ? '' : status === 'pending' ? 'warn' : 'bad'}`} />
          <span class="words">{statusWords(call)}</span>
        </span>
      </td>
      <td class="num bytes">{formatBytes(bytesIn)}</td>
      <td class="num bytes">{formatBytes(bytesOut)}</td>
      <td class="bar">
        <CallBar call={call} />
      </td>
      <td class="num ms">{formatMs(ms)}</td>
    </tr>
  )
}
