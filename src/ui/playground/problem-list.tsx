import type { ScriptProblem } from '../model.ts'
import { lineColumn } from './line-column.ts'

export interface ProblemListProps {
  /** The text that was compiled. */
  text: string
  problems: readonly ScriptProblem[]
  onGo: (place: { start: number; end: number }) => void
}

/** What the compiler says. A click leads to the place. */
export function ProblemList({ text, problems, onGo }: ProblemListProps) {
  if (problems.length === 0) return null
  return (
    <ul class="plain playground-problems" aria-label="What the compiler says">
      {problems.map(({ message, isError, place }, index) => (
        <li key={index} class={isError ? 'call-error' : 'soft'}>
          {place && (
            <button type="button" class="button" onClick={() => onGo(place)}>
              {placeWords(text, place.start)}
            </button>
          )}
          <span>
            {isError ? 'Error' : 'Warning'}: {message}
          </span>
        </li>
      ))}
    </ul>
  )
}

function placeWords(text: string, offset: number): string {
  const { line, column } = lineColumn(text, offset)
  return `Line ${line}, column ${column}`
}
