import { escapeUnit } from '../glia/http/failure-trailer.ts'
import { fileTrouble } from '../node/file-trouble.ts'

/** Prints JSON, for scripts. */
export function printJson(found: unknown): void {
  process.stdout.write(`${jsonOf(found, 2)}\n`)
}

/** JSON whose strings do not command a terminal: what JSON.stringify leaves of control characters is escaped too. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/(?!\n)\p{C}/gu, escape)
}

function escape(char: string): string {
  return char.replace(/[^]/g, escapeUnit)
}

/** Prints a row in a line, with tabs for `cut`. Others choose the words in it, so none of them commands the terminal. */
export function printRows(rows: readonly (readonly string[])[]): void {
  const lines = rows.map((cells) => cells.map((cell) => cell.replace(/\p{C}/gu, '')).join('\t'))
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Tells a person what went wrong. Others may have chosen the words, as in {@link printRows}. */
export function complain(words: string): void {
  process.stderr.write(`${words.replace(/(?![\n\t])\p{C}/gu, '')}\n`)
}

/**
 * Ends the program when stdout takes no more. A reader that stops, as in `glia … | head`, is no failure to tell: a shell
 * says 128 and SIGPIPE of such a program.
 */
export function endWithStdout(err: NodeJS.ErrnoException): void {
  if (err.code === 'EPIPE') process.exit(141)
  complain(`The output cannot be written: ${fileTrouble(err)}.`)
  process.exit(125)
}

/** A time in ms since the epoch; nothing if it is none. */
export function timeOf(at: unknown): string {
  return typeof at === 'number' && Number.isFinite(at) ? new Date(at).toISOString() : ''
}
