/** A free name for a copy: `counter-2`, and `counter-3` for a copy of that. */
export function nextName(name: string, taken: readonly string[]): string {
  const [, stem = name] = /^(.+?)-\d+$/.exec(name) ?? []
  const names = new Set(taken)
  let number = 2
  while (names.has(`${stem}-${number}`)) number += 1
  return `${stem}-${number}`
}
