/** A quoted piece, or an escaped or plain one. Pieces without a space between them are one argument. */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y
const SPACE = /\s+/y

/**
 * The arguments in a line, split as by a POSIX shell: at spaces, but not within quotes or after a backslash. Nothing is
 * expanded.
 * @returns undefined if a quote is not closed, or nothing follows the last backslash.
 */
export function splitArgs(line: string): string[] | undefined {
  const args: string[] = []
  let arg: string | undefined
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(line)
    if (found) at = pattern.lastIndex
    return found
  }
  while (at < line.length) {
    if (take(SPACE)) {
      if (arg !== undefined) args.push(arg)
      arg = undefined
      continue
    }
    const piece = take(PIECE)
    if (!piece) return undefined
    const [, single, double, escaped, plain] = piece
    arg = (arg ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '')
  }
  return arg === undefined ? args : [...args, arg]
}

/** A line from which {@link splitArgs} gives these arguments. */
export function joinArgs(args: readonly string[]): string {
  return args.map((arg) => (/^[^\s'"\\]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`)).join(' ')
}
