/**
 * The process to choose when the chosen one is gone: the one that took its place in the list, or else the last. So the
 * eye stays where it was.
 * @param before The PIDs before, in order.
 * @param now The PIDs now.
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
