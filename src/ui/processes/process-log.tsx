import type { LogLine } from '../../actors/table/process-log.ts'
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatMoment } from '../kit/format.ts'

const SOURCE: Record<LogLine['source'], string> = { stderr: 'stderr: ', process: '', error: 'error: ' }
/** Within so many pixels of its end, the log counts as scrolled to its end. */
const AT_END = 24

/**
 * What a process wrote to stderr, and what happened to it, with a button that clears it away. The button stays when it has
 * done that: it has the keyboard.
 */
export function ProcessLog({ lines, onClear }: { lines: readonly LogLine[]; onClear: () => void }) {
  const wasCleared = useSignal(false)
  const isEmpty = lines.length === 0
  if (isEmpty && !wasCleared.value) return null
  const clear = (): void => {
    wasCleared.value = true
    if (!isEmpty) onClear()
  }
  return (
    <>
      <div class="row log-title">
        <span class="label grow">Log</span>
        <button type="button" class="link" aria-disabled={isEmpty} onClick={clear}>
          Clear
        </button>
      </div>
      {!isEmpty && <LogLines lines={lines} />}
    </>
  )
}

/** The lines of a log. The box follows its end, unless the person scrolled away from it. */
export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    // Where the end is needs a layout of the page. The browser makes one for the next frame anyway.
    const frame = requestAnimationFrame(() => {
      if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight
    })
    return () => cancelAnimationFrame(frame)
  }, [lines])
  return (
    <div
      ref={box}
      class="log"
      role="log"
      aria-label="Log"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < AT_END
      }}
    >
      {lines.map((line, i) => (
        <div key={i} class={line.source}>
          <span class="soft">{formatMoment(line.at)}</span> {lineText(line)}
        </div>
      ))}
    </div>
  )
}

/** The text of a line, with its source. */
export function lineText({ source, text }: LogLine): string {
  return SOURCE[source] + text
}
