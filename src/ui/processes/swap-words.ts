import { listed } from './import-words.ts'

/** What a new version of a module changes for callers. */
export function methodChanges(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((name) => !before.includes(name))
  const removed = before.filter((name) => !after.includes(name))
  if (added.length === 0 && removed.length === 0) return 'It has the same methods.'
  const parts = [
    ...(added.length > 0 ? [`adds ${listed(added)}`] : []),
    ...(removed.length > 0 ? [`removes ${listed(removed)}`] : []),
  ]
  return `It ${listed(parts)}.`
}
