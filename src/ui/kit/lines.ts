/** The lines of a text that say something, without the space around them. */
export function allLinesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The same, each once. */
export function linesOf(text: string): string[] {
  return [...new Set(allLinesOf(text))]
}
