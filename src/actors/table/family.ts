import { GliaError } from '../../glia/errors.ts'
import type { Pid } from '../../glia/pid.ts'
import { atMost, checkAtMost, policyOfChild } from '../../glia/process/at-most.ts'
import type { Policy } from '../../glia/process/policy.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessRecord } from './process-record.ts'

// Processes that processes have made. Loaded with the first of them.

export { atMost, checkAtMost, policyOfChild }

/** How a process is tied to the process that makes it. */
export interface Birth {
  readonly parent: Pid
  /** Whether either ends when the other ends abnormally, unless it watches the other. */
  readonly link: boolean
  /** Method of the parent that is told of its ends. Undefined: the parent does not watch it. */
  readonly watch: string | undefined
}

/**
 * Checks that a process may have a child, also by the quotas of those that made it.
 * @param policy Of the child.
 * @param child Left out: it is yet to be made.
 * @throws {GliaError} ERR_DENIED that names the quota
 */
export function checkQuota(
  parent: ProcessEntry,
  policy: Policy,
  entries: readonly ProcessEntry[],
  child?: ProcessEntry,
): void {
  for (const entry of lineOf(parent, entries)) {
    const { name, policy: own } = entry.record
    const family = descendantsOf(entry.record.pid, entries).filter((each) => each !== child)
    if (family.length >= own.maxChildren) {
      throw quota(`${name} has made ${family.length} processes that still exist, and may have ${own.maxChildren}`)
    }
    const bytes = family.reduce((sum, each) => sum + each.record.policy.maxMemoryBytes, policy.maxMemoryBytes)
    if (bytes > own.maxChildrenBytes) {
      throw quota(
        `the processes that ${name} has made could use ${bytes} bytes of memory with this one, and may use ${own.maxChildrenBytes} (policy.maxChildrenBytes)`,
      )
    }
  }
}

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

/**
 * The same records, in which no process has more rights than the one that made it. A crash may have left one with more
 * before families were kept at once, and so may a file that was imported.
 */
export function withinFamilies(records: readonly ProcessRecord[]): ProcessRecord[] {
  const byPid = new Map<string, ProcessRecord>(records.map((record) => [record.pid, record]))
  const policies = new Map<string, Policy>()
  const policyOf = ({ pid, policy, parent }: ProcessRecord): Policy => {
    const known = policies.get(pid)
    if (known) return known
    // An imported record may claim to be its own ancestor.
    policies.set(pid, policy)
    const maker = byPid.get(parent ?? '')
    const limited = maker ? atMost(policy, policyOf(maker)) : policy
    policies.set(pid, limited)
    return limited
  }
  return records.map((record) => ({ ...record, policy: policyOf(record) }))
}

/** A process, the one that made it, and so on. */
function lineOf(entry: ProcessEntry, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const line: ProcessEntry[] = []
  let next: ProcessEntry | undefined = entry
  while (next && !line.includes(next)) {
    line.push(next)
    const { parent }: { parent?: Pid | undefined } = next.record
    next = entries.find(({ record }) => record.pid === parent)
  }
  return line
}

function quota(why: string): GliaError {
  return new GliaError('ERR_DENIED', `There may be no more: ${why}.`)
}
