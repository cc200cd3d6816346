/**
 * Waits some turns of the microtask queue for something that mostly happens within them. That is cheaper than a task, a
 * timer that is cancelled, or a listener that is removed: each of them takes as long as some dozen turns (Chromium 156).
 * @returns whether it has happened.
 */
export async function withinTurns(hasHappened: () => boolean, turns: number): Promise<boolean> {
  for (let i = 0; i < turns && !hasHappened(); i++) await Promise.resolve()
  return hasHappened()
}

/** Whether a promise settles within some turns. Its rejection counts as handled. */
export function settlesWithin(promise: Promise<unknown>, turns: number): Promise<boolean> {
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  promise.then(settle, settle)
  return withinTurns(() => isSettled, turns)
}
