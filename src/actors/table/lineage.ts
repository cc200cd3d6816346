import type { Pid } from '../../glia/pid.ts'
import type { ProcessEntry } from './process-entry.ts'

/** The processes that a process has made, and those that these have made. */
export function descendantsOf(pid: string, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const found: ProcessEntry[] = []
  let parents = new Set([pid])
  while (parents.size > 0) {
    // An imported record may claim to be its own ancestor.
    const children = entries.filter(
      (entry) => entry.record.parent !== undefined && parents.has(entry.record.parent) && !found.includes(entry),
    )
    found.push(...children)
    parents = new Set(children.map(({ record }) => record.pid))
  }
  return found
}

/** A process, the one that made it, and so on. */
export function lineOf(entry: ProcessEntry, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const line: ProcessEntry[] = []
  let next: ProcessEntry | undefined = entry
  while (next && !line.includes(next)) {
    line.push(next)
    const { parent }: { parent?: Pid | undefined } = next.record
    next = entries.find(({ record }) => record.pid === parent)
  }
  return line
}
