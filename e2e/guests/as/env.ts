// What AssemblyScript imports from `env` when nothing is said about it: abort, trace and seed.

/** env.abort('on purpose', …): ends the call. */
export function aborts(): void {
  throw new Error('on purpose')
}

/** env.trace('traced', 2, 1, 2): one line on stderr, and the call goes on. */
export function traced(): void {
  trace('traced', 2, 1, 2)
}

/** env.seed(), which Math.random asks for once. Returns 0 if the numbers are in range and differ. */
export function random(): i32 {
  const first = Math.random()
  const second = Math.random()
  return first != second && first >= 0 && first < 1 && second >= 0 && second < 1 ? 0 : 1
}
