import type { Pid } from '../../glia/pid.ts'
import { atMost, checkAtMost, policyOfChild } from '../../glia/process/at-most.ts'
import type { Policy } from '../../glia/process/policy.ts'
import { FamilyQuotas } from './family-quotas.ts'
import { descendantsOf } from './lineage.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessRecord } from './process-record.ts'

// Processes that processes have made. Loaded with the first of them.

export { checkAtMost, FamilyQuotas, policyOfChild }

/** How a process is tied to the process that makes it. */
export interface Birth {
  readonly parent: Pid
  /** Whether either ends when the other ends abnormally, unless it watches the other. */
  readonly link: boolean
  /** Method of the parent that is told of its ends. Undefined: the parent does not watch it. */
  readonly watch: string | undefined
}

/**
 * Before a process gets another policy.
 * @returns the processes that it has made, with the policies that they have then.
 * @throws {GliaError} ERR_DENIED if the one that has made it has less rights, or no quota left
 */
export function loweredBy(
  entry: ProcessEntry,
  policy: Policy,
  entries: readonly ProcessEntry[],
  quotas: FamilyQuotas,
): (readonly [ProcessEntry, Policy])[] {
  const { pid, parent: by, policy: before } = entry.record
  const parent = entries.find(({ record }) => record.pid === by)
  if (parent) checkAtMost(policy, parent.record.policy)
  if (parent && policy.maxMemoryBytes > before.maxMemoryBytes) quotas.check(parent, policy, entry)
  return descendantsOf(pid, entries).map((child) => [child, atMost(child.record.policy, policy)])
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
