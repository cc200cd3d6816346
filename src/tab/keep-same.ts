import type { Signal } from '@preact/signals'

/** Gives a signal a value, unless it has an equal one. A new but equal object would make all its views render again. */
export function setIfOther<T>(signal: Signal<T>, value: T): void {
  if (!isSame(signal.peek(), value)) signal.value = value
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
