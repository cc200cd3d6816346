import { GliaError } from '../../glia/errors.ts'
import {
  changedFields,
  changedPolicy,
  type GivenPolicy,
  type Policy,
  type PolicyChange,
} from '../../glia/process/policy.ts'
import type { FamilyQuotas } from './family-quotas.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessModules } from './process-modules.ts'
import type { ProcessRegistry } from './process-registry.ts'

export interface PolicyChangesInit {
  registry: ProcessRegistry
  modules: ProcessModules
  keeper: ProcessKeeper
  quotas(): Promise<FamilyQuotas>
  /** Called when a process has another policy. */
  changed(entry: ProcessEntry): void
}

/** Changes the policy of a process, and takes from the processes that it has made what it loses. */
export class PolicyChanges {
  readonly #init: PolicyChangesInit

  constructor(init: PolicyChangesInit) {
    this.#init = init
  }

  async change(pid: string, given: GivenPolicy): Promise<PolicyChange> {
    const { registry, modules, keeper, quotas } = this.#init
    const entry = registry.find(pid)
    const asked = (): Policy => changedPolicy(entry.record.policy, given, entry.record.methods)
    const { maxMemoryBytes } = asked()
    // The cap is compiled in. A module that cannot have it is refused now, not at its next start.
    if (maxMemoryBytes !== entry.record.policy.maxMemoryBytes) await modules.cache.get(entry.record, maxMemoryBytes)
    const hasFamily = entry.record.parent !== undefined || registry.childrenOf(pid).length > 0
    const family = hasFamily ? await import('./family.ts') : undefined
    const familyQuotas = hasFamily ? await quotas() : undefined
    if (registry.find(pid) !== entry) throw new GliaError('ERR_NO_PROC', 'The process was killed.')
    const policy = asked()
    const lowered = familyQuotas ? (family?.loweredBy(entry, policy, registry.all, familyQuotas) ?? []) : []
    const [later = []] = [[entry, policy] as const, ...lowered].map((change) => this.#apply(...change))
    // At once: after a crash no child has rights that its parent has lost.
    await keeper.keepRecords([entry, ...lowered.map(([child]) => child)])
    return { policy, later }
  }

  /** @returns the fields that count from the next instance on. */
  #apply(entry: ProcessEntry, policy: Policy): (keyof Policy)[] {
    const changed = changedFields(entry.record.policy, policy)
    if (changed.length === 0) return []
    const later = entry.setPolicy(policy)
    entry.log.add('process', `Its policy was changed: ${changed.join(', ')}.`)
    if (later.length > 0) entry.log.add('process', `From its next instance on: ${later.join(', ')}.`)
    this.#init.changed(entry)
    return later
  }
}
