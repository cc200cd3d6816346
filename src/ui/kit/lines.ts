/** The lines of a text that are not blank, trimmed. */
export function allLinesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The same lines without repetitions. */
export function linesOf(text: string): string[] {
  return [...new Set(allLinesOf(text))]
}
