import type { CallRight, Policy } from '../../glia/process/policy.ts'
import type { RestartType } from '../../glia/process/restart.ts'
import { formatBinary, formatCount, formatMs } from '../kit/format.ts'

type CallPolicy = Pick<Policy, 'callers' | 'listed' | 'call' | 'spawn' | 'http'>

/** Who may call a process, and whom it may call. */
export function callWords(policy: CallPolicy): string {
  const words = `${callersWords(policy)} ${CALL_WORDS[policy.call]}${httpWords(policy)}`
  return policy.spawn ? `${words} It may make processes.` : words
}

function httpWords({ http: [first, ...others] }: Pick<Policy, 'http'>): string {
  if (first === undefined) return ''
  return ` It may send HTTP requests to ${others.length === 0 ? first : `${others.length + 1} servers`}.`
}

/** Who may call, in two or three words, for a row. */
export function shortCallersWords({ callers, listed }: Pick<Policy, 'callers' | 'listed'>): string {
  if (callers === 'anyone') return listed ? 'listed to all' : 'whoever has the address'
  if (callers === 'browser' || callers.length === 0) return 'this browser'
  return callers.length === 1 ? 'one peer' : `${callers.length} peers`
}

function callersWords({ callers, listed }: Pick<Policy, 'callers' | 'listed'>): string {
  if (callers === 'anyone') {
    return listed
      ? 'Everybody may call it: it is listed to other peers.'
      : 'Whoever has the address may call it. It is listed to nobody.'
  }
  if (callers === 'browser' || callers.length === 0) return 'Only this browser may call it.'
  const peers = callers.length === 1 ? 'one peer' : `${callers.length} peers`
  return `This browser and ${peers} may call it${listed ? ', and see it listed' : ''}.`
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
  return Object.entries(methods).map(
    ([method, { callers }]) => `${method}: ${shortCallersWords({ callers, listed: false })}`,
  )
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
    ...(call !== 'off' || http.length > 0 ? [`${formatCount(maxCalls)} calls to others at once.`] : []),
    ...(spawn
      ? [
          `Up to ${formatCount(maxChildren)} processes made by it, with ${formatBinary(maxChildrenBytes)} of memory in all.`,
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
