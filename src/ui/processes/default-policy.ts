import { DEFAULT_POLICY, makePolicy, type Policy } from '../../glia/process/policy.ts'
import { keepText, keptText } from '../kit/page-storage.ts'
import type { BundledActor } from '../model.ts'

/** The browser keeps this under the key, as JSON. */
const KEY = 'glia-default-policy'

/** The policy that the browser could not keep. It lasts as long as the page. */
let unkept: Policy | undefined

/** The policy with which the page makes processes. Scripts give their own. */
export function defaultPolicy(): Policy {
  if (unkept) return unkept
  try {
    const kept: unknown = JSON.parse(keptText(KEY) ?? '{}')
    return makePolicy({ ...(kept as object) })
  } catch {
    // It was written by another version.
    return DEFAULT_POLICY
  }
}

/** Uses a policy for the processes that the page makes from now on, and after a reload. Undefined: that of Glia. */
export function setDefaultPolicy(policy: Policy | undefined): void {
  unkept = keepText(KEY, policy ? JSON.stringify(policy) : null) ? undefined : policy
}

/** A bundled actor with the default policy. What the actor itself needs goes first. */
export function withDefaultPolicy(actor: BundledActor): BundledActor {
  return { ...actor, policy: { ...defaultPolicy(), ...actor.policy } }
}
