import type { Later } from './descriptor.ts'

/** Goes on with a result when it is there. Where guests block it is there at once. */
export function andThen<T, U>(result: Later<T>, next: (value: T) => Later<U>): Later<U> {
  return result instanceof Promise ? result.then(next) : next(result)
}
