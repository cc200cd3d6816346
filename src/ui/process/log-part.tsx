import { useComputed, useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { LogLine } from '../../actors/table/process-log.ts'
import type { ConsoleState } from '../console/console-state.ts'
import { download } from '../kit/download.ts'
import { FilterField } from '../kit/filter-field.tsx'
import { formatCount } from '../kit/format.ts'
import { matches } from '../kit/table-order.ts'
import { typed } from '../kit/typed.ts'
import type { ProcessSource, ProcessView } from '../model.ts'
import { missedWords } from './missed-lines.ts'
import { lineText, LogLines, ProcessLog } from '../processes/process-log.tsx'
import { nounOf } from '../../glia/counted.ts'

const LEVELS = { all: 'Everything', stderr: 'stderr', process: 'Events', error: 'Errors' } as const

type Level = keyof typeof LEVELS

export interface LogPartProps {
  source: Pick<ProcessSource, 'log'>
  process: ProcessView
  state: ConsoleState
  /** True beneath the console: the lines alone. */
  isTail?: boolean
}

/** The log of a process: by level, with words, paused, as a file. */
export function LogPart({ source, process: { pid, name }, state, isTail = false }: LogPartProps) {
  const log = useMemo(() => source.log(pid), [source, pid])
  const level = useMemo(() => typed.of<Level>(`log level of ${pid}`, 'all'), [pid])
  const filter = useMemo(() => typed.of(`log words of ${pid}`, ''), [pid])
  /** What is shown while the log is paused. */
  const held = useSignal<readonly LogLine[] | undefined>(undefined)
  const whole = useComputed(() => state.linesOf(log.value))
  const shown = useComputed(() =>
    (held.value ?? whole.value).filter(
      (line) => (level.value === 'all' || line.source === level.value) && matches(filter.value, [line.text]),
    ),
  )
  const clear = (): void => {
    held.value = undefined
    state.clearedUpTo.value = log.value.at(-1)
  }
  if (isTail) return <ProcessLog key={pid} lines={whole.value} onClear={clear} />
  return (
    <>
      <div class="row bar">
        <select
          aria-label="Level"
          value={level.value}
          onChange={({ currentTarget }) => (level.value = currentTarget.value as Level)}
        >
          {Object.entries(LEVELS).map(([each, words]) => (
            <option key={each} value={each}>
              {words}
            </option>
          ))}
        </select>
        <FilterField label="Search the log" value={filter} />
        <span class="soft count">
          {formatCount(shown.value.length)} of {formatCount(whole.value.length)} {nounOf(whole.value.length, 'line')}
        </span>
        <span class="grow" />
        <button
          type="button"
          class="button"
          aria-pressed={held.value !== undefined}
          onClick={() => (held.value = held.value ? undefined : whole.value)}
        >
          {held.value ? 'Go on' : 'Pause'}
        </button>
        <button
          type="button"
          class="button"
          disabled={shown.value.length === 0}
          onClick={() => download(new Blob([fileText(shown.value)], { type: 'text/plain' }), `${name}.log`)}
        >
          Download
        </button>
        <button type="button" class="button" aria-disabled={whole.value.length === 0} onClick={clear}>
          Clear
        </button>
      </div>
      {held.value && (
        <p class="soft hint" role="status">
          Paused. {missedWords(held.value, whole.value)}
        </p>
      )}
      {shown.value.length === 0 ? (
        <p class="soft hint">
          {whole.value.length === 0
            ? 'The log is empty. What the process writes to stderr comes here, and what happens to it.'
            : 'No line is like that.'}
        </p>
      ) : (
        <LogLines lines={shown.value} />
      )}
    </>
  )
}

function fileText(lines: readonly LogLine[]): string {
  return lines.map((line) => `${new Date(line.at).toISOString()} ${lineText(line)}\n`).join('')
}
