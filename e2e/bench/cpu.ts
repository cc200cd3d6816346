import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time of all threads of this process's children and theirs, such as browsers and servers, in µs. Where /proc does not
 * tell it, as outside of Linux, it is NaN. The time of threads that have ended is missing.
 */
export function cpuOfChildrenUs(): number {
  const parents = new Map<string, string>()
  for (const pid of folders('/proc')) {
    const [, parent] = /\) \S (\d+)/.exec(read(`/proc/${pid}/stat`)) ?? []
    if (parent !== undefined) parents.set(pid, parent)
  }
  if (parents.size === 0) return Number.NaN
  let sumNs = 0
  for (const pid of parents.keys()) {
    if (!isBelow(String(process.pid), pid, parents)) continue
    for (const thread of folders(`/proc/${pid}/task`)) {
      sumNs += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0)
    }
  }
  return sumNs / 1000
}

function isBelow(ancestor: string, pid: string, parents: ReadonlyMap<string, string>): boolean {
  const parent = parents.get(pid)
  return parent !== undefined && (parent === ancestor || isBelow(ancestor, parent, parents))
}

/** Processes and threads may end at any time. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}
