/** Prints JSON, for scripts. */
export function printJson(found: unknown): void {
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
}

/** Prints a row in a line, with tabs for `cut`. Others choose the words in it, so none of them commands the terminal. */
export function printRows(rows: readonly (readonly string[])[]): void {
  const lines = rows.map((cells) => cells.map((cell) => cell.replace(/\p{C}/gu, '')).join('\t'))
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}
