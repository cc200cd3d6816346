import { isCovered, type CallTargets } from './call-targets.ts'
import type { Callers, MethodPolicy } from './callers.ts'
import { GliaError } from '../errors.ts'
import { type CallRight, changedFields, DEFAULT_POLICY, type GivenPolicy, makePolicy, type Policy } from './policy.ts'

const CALL_RIGHTS: readonly CallRight[] = ['off', 'caller', 'owner']

/**
 * What two policies allow both. Fields that give a process no power over others, such as what becomes of its memory, are
 * those of the first.
 */
export function atMost(policy: Policy, limit: Policy): Policy {
  const smaller = (field: NumberField): number => Math.min(policy[field], limit[field])
  // All fields are named, so that a new one is thought of.
  return {
    callers: commonCallers(policy.callers, limit.callers),
    methods: commonMethods(policy.methods, limit.callers),
    stderr: commonCallers(policy.stderr, limit.stderr),
    // To be recorded is no right, but not to be is.
    trace: policy.trace || limit.trace,
    keepHeads: policy.keepHeads && limit.keepHeads,
    traceTo: commonCallers(policy.traceTo, limit.traceTo),
    listed: policy.listed && limit.listed,
    shareModule: policy.shareModule && limit.shareModule,
    call: CALL_RIGHTS[Math.min(CALL_RIGHTS.indexOf(policy.call), CALL_RIGHTS.indexOf(limit.call))] ?? 'off',
    callTo: commonTargets(policy.callTo, limit.callTo),
    http: policy.http.filter((origin) => limit.http.includes(origin)),
    spawn: policy.spawn && limit.spawn,
    maxChildren: smaller('maxChildren'),
    maxChildrenBytes: smaller('maxChildrenBytes'),
    deadlineMs: smaller('deadlineMs'),
    mailbox: smaller('mailbox'),
    maxMemoryBytes: smaller('maxMemoryBytes'),
    maxMessageBytes: smaller('maxMessageBytes'),
    maxReplyBytes: smaller('maxReplyBytes'),
    maxOpenFiles: smaller('maxOpenFiles'),
    maxCalls: smaller('maxCalls'),
    maxKeys: smaller('maxKeys'),
    maxDataBytes: smaller('maxDataBytes'),
    maxTmpBytes: smaller('maxTmpBytes'),
    sync: policy.sync,
    evict: policy.evict,
    memory: policy.memory,
    durable: policy.durable,
    okExits: policy.okExits,
  }
}

type NumberField = { [Field in keyof Policy]: Policy[Field] extends number ? Field : never }[keyof Policy]

/**
 * The policy of a process that another one makes. What is left out is the default, or what the other one has if that is
 * less.
 * @throws {GliaError} ERR_DENIED that names what the other one does not have itself; ERR_BAD_REQUEST
 */
export function policyOfChild(given: GivenPolicy, parent: Policy): Policy {
  // What is not recorded of the parent is not recorded of its children either.
  const base = atMost({ ...DEFAULT_POLICY, trace: parent.trace }, parent)
  const asked = makePolicy({ ...base, ...given })
  checkAtMost(asked, parent)
  return asked
}

/** @throws {GliaError} ERR_DENIED if a policy allows something that the policy of the parent does not */
export function checkAtMost(policy: Policy, parent: Policy): void {
  const more = changedFields(policy, atMost(policy, parent)).map((field) => `policy.${field}`)
  if (more.length === 0) return
  throw new GliaError(
    'ERR_DENIED',
    `A process has at most the rights and limits of the one that made it, which has less of: ${more.join(', ')}.`,
  )
}

function commonCallers(some: Callers, others: Callers): Callers {
  if (some === 'anyone') return others
  if (others === 'anyone') return some
  if (some === 'browser' || others === 'browser') return 'browser'
  return some.filter((peer) => others.includes(peer))
}

function commonMethods(methods: Policy['methods'], callers: Callers): Record<string, MethodPolicy> {
  const common = Object.entries(methods).map(([method, own]): [string, MethodPolicy] => [
    method,
    { callers: commonCallers(own.callers, callers) },
  ])
  return Object.fromEntries(common)
}

function commonTargets(some: CallTargets, others: CallTargets): CallTargets {
  if (some === 'any') return others
  return others === 'any' ? some : some.filter((target) => isCovered(target, others))
}
