const MAX_KEPT = 1024

/**
 * Remembers the results of a function of a text. A peer uses few addresses and calls each of them often, and reading
 * base58 took longest in a small remote call.
 * @param compute Gives undefined for a text that is not worth keeping, such as one of a stranger that is wrong.
 * @param size Results that are kept. When there are so many, all of them are forgotten.
 */
export function remembered<T>(compute: (text: string) => T, size = MAX_KEPT): (text: string) => T {
  const kept = new Map<string, T>()
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const result = compute(text)
    if (result === undefined) return result
    if (kept.size >= size) kept.clear()
    kept.set(text, result)
    return result
  }
}
