import { type CallerPolicy, type Callers, callersOf } from '../../glia/process/callers.ts'
import type { CallRight, Policy } from '../../glia/process/policy.ts'
import type { RestartType } from '../../glia/process/restart.ts'
import { formatBinary, formatCount, formatMs } from '../kit/format.ts'
import { nounOf } from '../../glia/counted.ts'

type CallPolicy = Pick<Policy, 'callers' | 'methods' | 'listed' | 'call' | 'spawn' | 'http'>

/**
 * Who may call a process, and whom it may call.
 * @param method Who may call this method, in the place of who may call the process.
 */
export function callWords(policy: CallPolicy, method?: string): string {
  const callers = method === undefined ? callersWords(policy) : methodCallersWords(policy, method)
  const words = `${callers} ${CALL_WORDS[policy.call]}${httpWords(policy)}`
  return policy.spawn ? `${words} It may make processes.` : words
}

function httpWords({ http: [first, ...others] }: Pick<Policy, 'http'>): string {
  if (first === undefined) return ''
  return ` It may send HTTP requests to ${others.length === 0 ? first : `${others.length + 1} servers`}.`
}

/** Who may call, in a few words, for a row. */
export function shortCallersWords(policy: Pick<Policy, 'callers' | 'methods' | 'listed'>): string {
  const { callers, listed } = policy
  const words = callers === 'anyone' && listed ? 'listed to all' : whoWords(callers)
  const [first, ...others] = methodsWithOthers(policy)
  if (first === undefined) return words
  return `${words}; others for ${others.length === 0 ? first : `${others.length + 1} methods`}`
}

/** Whether whoever has the address may call any of the methods. */
export function isOpenToAnyone(policy: CallerPolicy, methods: readonly string[]): boolean {
  if (methods.length === 0) return policy.callers === 'anyone'
  return methods.some((method) => callersOf(policy, method) === 'anyone')
}

function callersWords(policy: Pick<Policy, 'callers' | 'methods' | 'listed'>): string {
  const { callers, listed, methods } = policy
  const words = processCallersWords(callers, listed)
  const [first, ...others] = methodsWithOthers(policy)
  if (first === undefined) return words
  if (others.length > 0) return `${words} ${others.length + 1} of its methods have other callers.`
  return `${words} Its method ${first} has other callers: ${whoWords(methods[first]?.callers ?? callers)}.`
}

function processCallersWords(callers: Callers, listed: boolean): string {
  if (callers === 'anyone') {
    return listed
      ? 'Everybody may call it: it is listed to other peers.'
      : 'Whoever has the address may call it. It is listed to nobody.'
  }
  if (callers === 'browser' || callers.length === 0) return 'Only this browser may call it.'
  return `This browser and ${whoWords(callers)} may call it${listed ? ', and see it listed' : ''}.`
}

function methodCallersWords(policy: CallerPolicy, method: string): string {
  const callers = callersOf(policy, method)
  if (callers === 'anyone') return `Whoever has the address may call ${method}.`
  if (callers === 'browser' || callers.length === 0) return `Only this browser may call ${method}.`
  return `This browser and ${whoWords(callers)} may call ${method}.`
}

function whoWords(callers: Callers): string {
  if (callers === 'anyone') return 'whoever has the address'
  if (callers === 'browser' || callers.length === 0) return 'this browser'
  return callers.length === 1 ? 'one peer' : `${callers.length} peers`
}

/** The methods whose callers are not those of the process. */
function methodsWithOthers(policy: CallerPolicy): string[] {
  const own = nameOfCallers(policy.callers)
  return Object.keys(policy.methods).filter((method) => nameOfCallers(callersOf(policy, method)) !== own)
}

/** The same text for the same callers. */
function nameOfCallers(callers: Callers): string {
  if (typeof callers === 'string') return callers
  return callers.length === 0 ? 'browser' : callers.toSorted().join(' ')
}

const CALL_WORDS: Readonly<Record<CallRight, string>> = {
  off: 'It may call nobody.',
  caller: 'It may call others with the rights of who calls it.',
  owner: 'It may call others as this browser, whoever calls it.',
}

/** Names for people of the fields that count from the next start on. */
const LATER_WORDS: Partial<Record<keyof Policy, string>> = {
  call: 'calls to others',
  spawn: 'processes that it makes',
  http: 'HTTP requests',
  maxMemoryBytes: 'memory',
  maxOpenFiles: 'open files',
  maxCalls: 'calls at once',
  maxDataBytes: 'files in /data',
  maxTmpBytes: 'files in /tmp',
  sync: 'fsync',
  memory: 'what it has in memory',
}

/** The part of a change that waits. */
export function laterWords(later: readonly (keyof Policy)[]): string {
  if (later.length === 0) return 'Changed.'
  return `Changed. When it is started the next time: ${later.map((field) => LATER_WORDS[field] ?? field).join(', ')}.`
}

/** Methods that have callers of their own, one line each. */
export function methodWords({ methods }: Pick<Policy, 'methods'>): string[] {
  return Object.entries(methods).map(([method, { callers }]) => `${method}: ${whoWords(callers)}`)
}

/** The two limits that people run into. */
export function mainLimitWords({ deadlineMs, maxMemoryBytes }: Policy): string {
  return `${timeWords(deadlineMs)} for a message, ${formatBinary(maxMemoryBytes)} of memory.`
}

/** All limits, one line each. */
export function limitWords(policy: Policy): string[] {
  const { mailbox, maxMessageBytes, maxReplyBytes, maxDataBytes, maxTmpBytes } = policy
  const { sync, maxOpenFiles, maxCalls, call, http, spawn, maxChildren, maxChildrenBytes, evict, memory, durable } =
    policy
  return [
    mainLimitWords(policy),
    `Messages up to ${formatBinary(maxMessageBytes)}, replies up to ${formatBinary(maxReplyBytes)}, ${formatCount(mailbox)} waiting.`,
    `Files in /data up to ${formatBinary(maxDataBytes)}, in /tmp up to ${formatBinary(maxTmpBytes)}, ${formatCount(maxOpenFiles)} open at once.`,
    ...(sync === 'durable' ? ['fsync waits until the files are stored for good.'] : []),
    ...(call !== 'off' || http.length > 0
      ? [`${formatCount(maxCalls)} ${nounOf(maxCalls, 'call')} to others at once.`]
      : []),
    ...(spawn
      ? [
          `Up to ${formatCount(maxChildren)} ${nounOf(maxChildren, 'process', 'processes')} made by it, with ${formatBinary(maxChildrenBytes)} of memory in all.`,
        ]
      : []),
    ...(memory === 'durable' ? ['What it has in memory is kept, if its module allows that.'] : []),
    ...(memory === 'fresh' ? ['Each message gets an instance of its own, with an empty memory.'] : []),
    ...(memory === 'durable' && durable === 'before-reply' ? ['A reply ends when that is stored.'] : []),
    ...(evict ? ['It may be stopped while it is idle, to make room for others.'] : []),
  ]
}

/** When a process comes back after its instance ended. */
export const RESTART_WORDS: Readonly<Record<RestartType, string>> = {
  permanent: 'always comes back',
  transient: 'comes back after a failure',
  temporary: 'does not come back',
}

/**
 * `64 KiB at its start, 1 GiB at most; the cap is 256 MiB`.
 * @param ownMax The module's own limit; undefined if it has none.
 * @param cap Undefined if it is not known.
 */
export function memoryWords(start: number, ownMax: number | undefined, cap: number | undefined): string {
  if (start === 0 && ownMax === 0) return 'none'
  if (ownMax === start) return `${formatBinary(start)}, and no more`
  const most = ownMax === undefined ? 'and no limit of its own' : `${formatBinary(ownMax)} at most`
  const capped = cap !== undefined && (ownMax ?? Infinity) > cap ? `; the cap is ${formatBinary(cap)}` : ''
  return `${formatBinary(start)} at its start, ${most}${capped}`
}

function timeWords(ms: number): string {
  return ms % 1000 === 0 ? `${formatCount(ms / 1000)} s` : formatMs(ms)
}
