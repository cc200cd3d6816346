import type { Signal } from '@preact/signals'

/** Gives a signal a value, unless it has an equal one. A new but equal object would make all its views render again. */
export function setIfOther<T>(signal: Signal<T>, value: T): void {
  if (!isSame(signal.peek(), value)) signal.value = value
}

/**
 * Gives a signal a list. What equals a thing of the list before is that thing, so that a view of it need not render
 * again. If all of them do, the list stays.
 * @param keyOf Tells the things of a list apart.
 */
export function setList<T>(signal: Signal<readonly T[]>, list: readonly T[], keyOf: (thing: T) => string): void {
  const before = signal.peek()
  const known = new Map(before.map((thing) => [keyOf(thing), thing]))
  const now = list.map((thing) => {
    const old = known.get(keyOf(thing))
    return old !== undefined && isSame(old, thing) ? old : thing
  })
  if (now.length !== before.length || now.some((thing, i) => thing !== before[i])) signal.value = now
}

/** Whether two pieces of plain data are equal. A field that is undefined equals one that is missing. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!isObject(one) || !isObject(other)) return false
  for (const key of Object.keys(one)) if (!isSame(one[key], other[key])) return false
  for (const key of Object.keys(other)) if (!(key in one) && other[key] !== undefined) return false
  return Array.isArray(one) === Array.isArray(other)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
