import { GliaError } from '../../glia/errors.ts'

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

/**
 * What lines say of names, one line for each. @throws {GliaError} ERR_BAD_REQUEST if a name has two: which one is meant
 * is not known.
 */
export function oncePerName<T>(given: readonly (readonly [string, T])[]): Record<string, T> {
  const twice = given.find(([name], i) => given.findIndex(([other]) => other === name) !== i)
  if (twice) throw new GliaError('ERR_BAD_REQUEST', `“${twice[0]}” has two lines. Leave one of them.`)
  return Object.fromEntries(given)
}
