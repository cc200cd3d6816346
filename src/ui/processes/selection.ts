/**
 * What is chosen when the chosen process has gone: the one that took its place in the list, else the last, so that the eye
 * stays where it was.
 * @param before The PIDs as they were, in order.
 * @param now The PIDs as they are.
 */
export function nextSelection(
  selected: string | undefined,
  before: readonly string[],
  now: readonly string[],
): string | undefined {
  if (selected !== undefined && now.includes(selected)) return selected
  const at = selected === undefined ? 0 : Math.max(0, before.indexOf(selected))
  return now[Math.min(at, now.length - 1)]
}
