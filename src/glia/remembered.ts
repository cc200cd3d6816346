/**
 * Remembers the results of a function of a text. A peer uses few addresses and calls each of them often, and reading
 * base58 took longest in a small remote call.
 * @param size Results that are kept. When there are so many, all of them are forgotten.
 * @param compute Gives undefined for a text that is not worth keeping, such as one of a stranger that is wrong.
 */
export function remembered<T>(size: number, compute: (text: string) => T | undefined): (text: string) => T | undefined {
  const kept = new Map<string, T>()
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const result = compute(text)
    if (result === undefined) return undefined
    if (kept.size >= size) kept.clear()
    kept.set(text, result)
    return result
  }
}
