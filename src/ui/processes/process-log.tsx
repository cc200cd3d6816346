import type { LogLine } from '../../actors/table/process-log.ts'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatMoment } from '../kit/format.ts'

const SOURCE: Record<LogLine['source'], string> = { stderr: 'stderr: ', process: '', error: 'error: ' }
/** Within so many pixels of its end, the log counts as scrolled to its end. */
const AT_END = 24

/**
 * What a process wrote to stderr, and what happened to it. It follows the end, unless the person scrolled away from it.
 */
export function ProcessLog({ lines, onClear }: { lines: readonly LogLine[]; onClear: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines])
  if (lines.length === 0) return null
  return (
    <>
      <div class="row log-title">
        <span class="label grow">Log</span>
        <button type="button" class="link" onClick={onClear}>
          Clear
        </button>
      </div>
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
        {lines.map(({ at, source, text }, i) => (
          <div key={i} class={source}>
            <span class="soft">{formatMoment(at)}</span> {SOURCE[source]}
            {text}
          </div>
        ))}
      </div>
    </>
  )
}
