import type { LogLine } from '../../actors/table/process-log.ts'
import { isMethodName } from '../../glia/address.ts'
import { cleanText } from '../../glia/peer-name.ts'
import { isPid } from '../../glia/pid.ts'
import { makePolicy, type Policy } from '../../glia/process/policy.ts'
import { makeRestart } from '../../glia/process/restart.ts'
import { fields } from '../../glia/untrusted.ts'
import type { ProcessView } from '../model.ts'

/** What another peer may send is longer than anything that it shows. */
const MAX_PROCESSES = 10_000
const MAX_METHODS = 1024
const MAX_TEXT = 200
const MAX_LINE = 4096

/** Written so that a new state is not forgotten here. */
const STATES: Readonly<Record<ProcessView['state'], true>> = {
  cold: true,
  hibernated: true,
  starting: true,
  idle: true,
  busy: true,
  backoff: true,
  dead: true,
}

/** The processes of another peer, as its system process lists them. Wrong entries are left out. */
export function readProcesses(value: unknown): ProcessView[] {
  return Array.isArray(value) ? value.slice(0, MAX_PROCESSES).flatMap((each) => readProcess(fields(each)) ?? []) : []
}

function readProcess(told: Record<string, unknown>): ProcessView | undefined {
  const { pid, name, cid, state, methods, why } = told
  const policy = readPolicy(told['policy'])
  if (typeof pid !== 'string' || !isPid(pid) || typeof name !== 'string' || !isState(state) || !policy) return undefined
  return {
    pid,
    name: cleanText(name, MAX_TEXT) || pid,
    root: told['root'] === true,
    cid: typeof cid === 'string' ? cid.slice(0, MAX_TEXT) : '',
    methods: Array.isArray(methods) ? methods.slice(0, MAX_METHODS).filter(isMethod) : [],
    state,
    messages: count(told['messages']) ?? 0,
    waiting: count(told['queued']) ?? 0,
    p50Ms: count(told['p50Ms']),
    memoryBytes: count(told['memoryBytes']),
    hasKeys: count(told['keys']) !== undefined,
    keys: count(told['keys']),
    moduleBytes: count(told['moduleBytes']) ?? 0,
    description: undefined,
    args: [],
    env: {},
    policy,
    restart: makeRestart(),
    backoffUntil: count(told['backoffUntil']),
    death: typeof why === 'string' ? why.slice(0, MAX_LINE) : undefined,
    exits: [],
    ties: [],
    lastError: undefined,
    persisted: true,
  }
}

/** The lines of a log, likewise. */
export function readLines(value: unknown): LogLine[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((each): LogLine[] => {
    const { at, source, text } = fields(each)
    if (typeof at !== 'number' || typeof text !== 'string') return []
    if (source !== 'stderr' && source !== 'process' && source !== 'error') return []
    return [{ at, source, text: text.slice(0, MAX_LINE) }]
  })
}

/** A policy of a newer version may have more. Then the process cannot be shown rightly. */
function readPolicy(value: unknown): Policy | undefined {
  try {
    return makePolicy(fields(value))
  } catch {
    return undefined
  }
}

function isState(value: unknown): value is ProcessView['state'] {
  return typeof value === 'string' && Object.hasOwn(STATES, value)
}

function isMethod(value: unknown): value is string {
  return typeof value === 'string' && isMethodName(value)
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
