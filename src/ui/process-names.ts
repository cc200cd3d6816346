import { computed, type ReadonlySignal } from '@preact/signals'
import type { ProcessView } from './model.ts'

/**
 * The names of processes, by PID, in the order of the processes. Processes change with every call, and this changes only
 * with a name, so that what is made of a thousand names is not made again for each call.
 */
export function namesOf(
  processes: ReadonlySignal<readonly ProcessView[]>,
): ReadonlySignal<ReadonlyMap<string, string>> {
  let last: ReadonlyMap<string, string> = new Map()
  return computed(() => {
    const now = processes.value
    const isSame = now.length === last.size && now.every(({ pid, name }) => last.get(pid) === name)
    return isSame ? last : (last = new Map(now.map(({ pid, name }) => [pid, name])))
  })
}
