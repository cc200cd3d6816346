import type { LogLine, ProcessLog } from '../table/process-log.ts'

/** Lines from a number on. */
export interface NumberedLines {
  readonly lines: readonly LogLine[]
  /** How many lines before them were dropped already. */
  readonly missed: number
}

/** The lines of a log from a number on; undefined if no line of this log had the number, and the next one will not. */
export function linesSince({ first, next, lines: all }: ProcessLog, number: number): NumberedLines | undefined {
  if (!(number >= first && number <= next)) return undefined
  const wanted = next - number
  const lines = wanted === 0 ? [] : all.slice(-wanted)
  return { lines, missed: wanted - lines.length }
}
